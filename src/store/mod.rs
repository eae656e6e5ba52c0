//! The two databases behind one door: connections, transactions, and a file of queries per domain.
//! Rows become domain models here; no actor and no decision is known here.

pub mod applications;
pub mod audit_events;
pub mod certifications;
pub mod contracts;
pub mod credentials;
pub(crate) mod entity;
mod error;
pub mod federation;
pub mod grants;
pub mod holdings;
pub mod identity;
pub mod invitations;
pub mod issuer;
pub mod lifecycle;
pub mod lookup;
pub mod members;
pub mod organizations;
pub mod outbox;
pub(crate) mod paging;
pub mod partners;
pub mod people;
pub mod policies;
pub mod sessions;
pub mod templates;
pub mod tenant;
pub mod waiting;

use std::{path::Path, time::Duration};

use migrations::MigratorTrait as _;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    TransactionOptions, TransactionTrait as _,
};

pub use error::StoreError;
pub(crate) use error::parse;

/// The database: a pool that reads, and for SQLite the one connection that writes.
#[derive(Clone, Debug)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

/// Reads outside of a transaction (pages, exports).
#[derive(Clone, Debug)]
pub struct Reader(DatabaseConnection);

/// One transaction: everything a command does, or nothing.
#[derive(Debug)]
pub struct Tx(DatabaseTransaction);

/// Something queries run on: a [`Reader`] or a [`Tx`].
pub trait Db: Send + Sync {
    /// The connection type below.
    type Connection: ConnectionTrait;
    /// The connection below.
    fn connection(&self) -> &Self::Connection;
}

impl Db for Reader {
    type Connection = DatabaseConnection;
    fn connection(&self) -> &DatabaseConnection {
        &self.0
    }
}

impl Db for Tx {
    type Connection = DatabaseTransaction;
    fn connection(&self) -> &DatabaseTransaction {
        &self.0
    }
}

impl Store {
    /// Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::open_sqlite(path.trim_start_matches("//")).await;
        }
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(16)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .sqlx_logging(false);
        let pool = Database::connect(options).await?;
        Ok(Self {
            writer: pool.clone(),
            reader: pool,
        })
    }

    async fn open_sqlite(path: &str) -> Result<Self, StoreError> {
        let memory = path == ":memory:";
        if let Some(parent) = Path::new(path).parent().filter(|parent| !memory && !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        }
        let url = if memory {
            "sqlite::memory:".to_owned()
        } else {
            format!("sqlite://{path}?mode=rwc")
        };
        let connect = async |connections: u32| {
            let mut options = ConnectOptions::new(&url);
            options
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(Duration::from_secs(5))
                .sqlx_logging(false);
            if memory {
                // The database lives as long as its connection.
                options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
            }
            options.map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .pragma("journal_mode", "WAL")
                    .pragma("synchronous", "FULL")
                    .pragma("foreign_keys", "ON")
                    .pragma("cache_size", "-16000")
                    .pragma("temp_store", "MEMORY")
                    .busy_timeout(Duration::from_secs(5))
            });
            Database::connect(options).await
        };
        let writer = connect(1).await?;
        let reader = if memory { writer.clone() } else { connect(4).await? };
        Ok(Self { writer, reader })
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when a step fails; the step is rolled back.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(migrations::Migrator::up(&self.writer, None).await?)
    }

    /// How many steps the database lacks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        Ok(migrations::Migrator::get_pending_migrations(&self.writer).await?.len())
    }

    /// Begins a writing transaction (`BEGIN IMMEDIATE` on SQLite).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer in time.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Tx(self.writer.begin_with_options(options).await?))
    }

    /// The pool for pages.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader(self.reader.clone())
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.writer.get_database_backend() == DatabaseBackend::Sqlite
    }

    /// Answers when the database does.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.reader.ping().await?)
    }

    /// Copies the running embedded database into a new file, consistently (`VACUUM INTO`).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file exists or cannot be written.
    pub async fn backup_embedded(&self, file: &str) -> Result<(), StoreError> {
        let file = file.replace('\'', "''");
        self.reader.execute_unprepared(&format!("VACUUM INTO '{file}'")).await?;
        Ok(())
    }

    /// Counts every statement from now on, for tests that promise a page takes the same few whatever it shows.
    #[cfg(any(test, feature = "testing"))]
    pub fn count_queries(&mut self, counter: &std::sync::Arc<std::sync::atomic::AtomicU64>) {
        for connection in [&mut self.writer, &mut self.reader] {
            let counter = counter.clone();
            connection.set_metric_callback(move |_| {
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            });
        }
    }

    /// Closes the pools after the last request.
    pub async fn close(self) {
        let _ = self.writer.close().await;
        let _ = self.reader.close().await;
    }
}

impl Tx {
    /// A part of this transaction that can be forgotten alone: committing it keeps it with the rest.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database refuses.
    pub async fn savepoint(&self) -> Result<Self, StoreError> {
        Ok(Self(self.0.begin().await?))
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database refuses; then nothing was done.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection is gone; then nothing was done either.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.0.rollback().await?)
    }

    /// Whether row locks are needed: PostgreSQL writes concurrently, SQLite has one writer.
    pub(crate) fn locks_rows(&self) -> bool {
        self.0.get_database_backend() == DatabaseBackend::Postgres
    }
}
