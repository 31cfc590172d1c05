//! Tables, versions, backups.
//!
//! Migrations only go forward. Each is one transaction, and before each the store is copied to
//! `backups/store-v<N>-<time>.db`, so a person can go back to what the older oikos wrote.

use crate::{StoreError, files};
use protocol::Clock;
use rusqlite::{Connection, OpenFlags};
use std::{fs, path::Path, time::Duration};

/// The version of the store that this oikos writes.
pub const STORE_VERSION: u32 = MIGRATIONS.len() as u32;

/// `oiks`, in the header of the file: tells a store from any other SQLite file.
const APPLICATION_ID: i32 = 0x6f69_6b73;

/// What brings a store from version N to N + 1. Never change one that was released.
///
/// Tables have no row ids: rows are found by their key only, and lie in its order, so that an owner's or an app's
/// things are next to each other. A log row holds no hash of the row before, because that row holds it. `usage` counts
/// the bytes of each app's storage as rows come and go, so that a quota costs one look and not one per key.
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE kv (
        owner INTEGER NOT NULL, space TEXT NOT NULL, key TEXT NOT NULL,
        value BLOB NOT NULL, labels INTEGER NOT NULL, revision INTEGER NOT NULL,
        PRIMARY KEY (owner, space, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE log (
        owner INTEGER NOT NULL, seq INTEGER NOT NULL,
        hash BLOB NOT NULL, body_digest BLOB NOT NULL, body BLOB,
        PRIMARY KEY (owner, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO counter VALUES ('revision', 0);
    CREATE TABLE usage (
        owner INTEGER NOT NULL, prefix TEXT NOT NULL, bytes INTEGER NOT NULL,
        PRIMARY KEY (owner, prefix)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER usage_insert AFTER INSERT ON kv WHEN new.space = 'storage' BEGIN
        INSERT INTO usage VALUES (
            new.owner, substr(new.key, 1, instr(new.key, '/')), octet_length(new.key) + octet_length(new.value)
        ) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER usage_update AFTER UPDATE ON kv WHEN new.space = 'storage' BEGIN
        UPDATE usage SET bytes = bytes + octet_length(new.value) - octet_length(old.value)
        WHERE owner = new.owner AND prefix = substr(new.key, 1, instr(new.key, '/'));
    END;
    CREATE TRIGGER usage_delete AFTER DELETE ON kv WHEN old.space = 'storage' BEGIN
        UPDATE usage SET bytes = bytes - octet_length(old.key) - octet_length(old.value)
        WHERE owner = old.owner AND prefix = substr(old.key, 1, instr(old.key, '/'));
    END;
"];

/// Folder of the backups in the home folder.
const BACKUP_FOLDER: &str = "backups";

/// How long SQLite tries again when something else has the file. Only a person's own tool could, because the home is
/// locked.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Memory for pages of the writer and of each reader. Small: the system's own cache holds the rest.
const WRITER_CACHE_KIB: i32 = 2048;
const READER_CACHE_KIB: i32 = 512;

/// Prepared statements that a connection keeps; there are fewer than this.
const STATEMENTS_MAX: usize = 32;

/// The write-ahead log is cut back to this size when it is empty.
const WAL_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// Opens the file, and changes nothing in it.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    set_up(&connection, WRITER_CACHE_KIB)?;
    Ok(connection)
}

/// Opens the file for reading only.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    set_up(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

fn set_up(connection: &Connection, cache_kib: i32) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A damaged or planted file is data: it defines no functions and lies about no cell's size.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// Makes a connection the writer's, once the store has this version.
pub(super) fn prepare_for_writing(connection: &Connection, bytes_max: Option<u64>) -> Result<(), StoreError> {
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES_MAX, |_| Ok(()))?;
    if let Some(bytes_max) = bytes_max {
        let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages_max = i64::try_from(bytes_max / u64::from(page_bytes)).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))?;
    }
    Ok(())
}

/// Brings the store to the last version of `migrations`; refuses one that is newer, or no store at all.
pub(super) fn migrate(
    connection: &mut Connection,
    migrations: &[&str],
    home: &Path,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    let found = version(connection)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Damaged { what: format!("its journal mode stays '{mode}'") });
    }
    // Versions must outlive a power cut as a backup does.
    connection.pragma_update(None, "synchronous", "FULL")?;
    for (from, migration) in (0..known).zip(migrations).skip(found as usize) {
        if from > 0 {
            backup(connection, from, home, clock)?;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", from + 1)?;
        transaction.commit()?;
        if from > 0 {
            tracing::info!(from, to = from + 1, "the store was brought to a newer version");
        }
    }
    Ok(())
}

/// The store's version; 0 for a file without anything in it.
fn version(connection: &Connection) -> Result<u32, StoreError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version, tables) = (
        number("application_id")?,
        number("user_version")?,
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u32>(0))?,
    );
    match (application, u32::try_from(version)) {
        (APPLICATION_ID, Ok(version)) if version > 0 => Ok(version),
        (0, Ok(0)) if tables == 0 => Ok(0),
        _ => Err(StoreError::Damaged { what: "the file is not a store of oikos".to_owned() }),
    }
}

fn backup(connection: &Connection, version: u32, home: &Path, clock: &dyn Clock) -> Result<(), StoreError> {
    let folder = home.join(BACKUP_FOLDER);
    let time = jiff::Timestamp::from_millisecond(clock.now().0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ");
    let path = folder.join(format!("store-v{version}-{time}.db"));
    let partial = path.with_extension("partial");
    let failed = |source| StoreError::file("writing the backup", &path, source);
    files::folder_create(&folder).map_err(failed)?;
    // Left over from a process that was ended here.
    if partial.exists() {
        fs::remove_file(&partial).map_err(failed)?;
    }
    // SQLite fills an empty file that exists, and so keeps its mode.
    let file = files::file_create_new(&partial).map_err(failed)?;
    let name = partial.to_str().ok_or_else(|| failed(std::io::Error::other("the path is not UTF-8")))?;
    connection.execute("VACUUM INTO ?1", [name])?;
    file.sync_all().map_err(failed)?;
    fs::rename(&partial, &path).map_err(failed)?;
    files::folder_sync(&folder).map_err(failed)
}

/// Whether every table and column is there, without reading rows.
pub(super) fn check_tables(connection: &Connection) -> Result<(), rusqlite::Error> {
    for sql in [
        "SELECT owner, space, key, value, labels, revision FROM kv LIMIT 1",
        "SELECT owner, seq, hash, body_digest, body FROM log LIMIT 1",
        "SELECT name, value FROM counter LIMIT 1",
        "SELECT owner, prefix, bytes FROM usage LIMIT 1",
    ] {
        connection.prepare(sql)?.query([])?.next()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use testkit::{TempHome, TestClock};

    const NEXT: &[&str] = &[MIGRATIONS[0], "CREATE TABLE more (a); INSERT INTO counter VALUES ('more', 1)"];

    fn open(home: &TempHome) -> Connection {
        files::folder_create(home.path()).unwrap();
        drop(files::file_open_or_create(&home.path().join("store.db")).unwrap());
        open_for_writing(&home.path().join("store.db")).unwrap()
    }

    fn backups(home: &TempHome) -> Vec<String> {
        let entries = fs::read_dir(home.path().join(BACKUP_FOLDER)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_older_store_is_backed_up_and_brought_forward() {
        let (home, clock) = (TempHome::new(), TestClock::new());
        migrate(&mut open(&home), MIGRATIONS, home.path(), &clock).unwrap();
        assert!(backups(&home).is_empty());
        let mut connection = open(&home);
        // Left over from a process that was ended in the middle of a backup.
        files::folder_create(&home.path().join(BACKUP_FOLDER)).unwrap();
        fs::write(home.path().join("backups/store-v1-20260101T000000Z.partial"), "half").unwrap();
        migrate(&mut connection, NEXT, home.path(), &clock).unwrap();
        assert_eq!(version(&connection).unwrap(), 2);
        assert_eq!(backups(&home), ["store-v1-20260101T000000Z.db"]);
        let backup = open_for_reading(&home.path().join("backups/store-v1-20260101T000000Z.db")).unwrap();
        assert_eq!(version(&backup).unwrap(), 1);
        check_tables(&backup).unwrap();
        migrate(&mut connection, NEXT, home.path(), &clock).unwrap();
        assert_eq!(backups(&home).len(), 1);
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let (home, clock) = (TempHome::new(), TestClock::new());
        let mut connection = open(&home);
        migrate(&mut connection, MIGRATIONS, home.path(), &clock).unwrap();
        let broken = &[MIGRATIONS[0], "CREATE TABLE more (a); INSERT INTO nowhere VALUES (1)"];
        migrate(&mut connection, broken, home.path(), &clock).unwrap_err();
        assert_eq!(version(&connection).unwrap(), 1);
        migrate(&mut connection, NEXT, home.path(), &clock).unwrap();
    }

    #[test]
    fn a_newer_store_is_refused_untouched() {
        let (home, clock) = (TempHome::new(), TestClock::new());
        let mut connection = open(&home);
        migrate(&mut connection, NEXT, home.path(), &clock).unwrap();
        connection.close().unwrap();
        let before = fs::read(home.path().join("store.db")).unwrap();
        let error = migrate(&mut open(&home), MIGRATIONS, home.path(), &clock).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 2, known: 1 }), "{error}");
        assert!(error.hint().is_some());
        assert_eq!(fs::read(home.path().join("store.db")).unwrap(), before);
    }

    #[test]
    fn a_file_of_somebody_else_is_refused() {
        let (home, clock) = (TempHome::new(), TestClock::new());
        let mut connection = open(&home);
        connection.execute_batch("CREATE TABLE contacts (name)").unwrap();
        let error = migrate(&mut connection, MIGRATIONS, home.path(), &clock).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
}
