//! Worlds for tests: a portal on a fresh database with a clock that stands still, builders for what a test needs,
//! and a browser that talks to the router without a socket.

mod browser;
mod world;

pub use browser::{Answer, Browser};
pub use world::World;

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
