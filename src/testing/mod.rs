//! Worlds for tests: a portal on a fresh database with a clock that stands still, builders for what a test needs,
//! and a browser that talks to the router without a socket.

mod browser;
mod world;

pub use browser::{Answer, Browser};
pub use world::World;

/// A file of the project. Asked when a test runs: the folder it was compiled in may be another checkout's with the same target folder.
///
/// # Panics
/// Without cargo, which says where the project is.
#[must_use]
pub fn project_file(path: &str) -> std::path::PathBuf {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| panic!("run it by cargo"));
    std::path::PathBuf::from(root).join(path)
}

/// Runs one async test on SQLite and on PostgreSQL. `TEST_POSTGRES_URL` names the server; without it the PostgreSQL half fails.
#[macro_export]
macro_rules! for_each_backend {
    ($(#[$meta:meta])* $name:ident, |$world:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn promise($world: $crate::testing::World) $body

            #[tokio::test]
            async fn sqlite() {
                promise($crate::testing::World::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                let world = $crate::testing::World::postgres().await;
                promise(world).await;
            }
        }
    };
}
