//! Files as earlier relays left them, and copies of a file at work.

use rusqlite::{Connection, params};

use super::*;

/// Of each layout: the tables as they were made then, and a record in the form of that time. What is here is never changed:
/// another layout is one more.
const LAYOUTS: [(&str, &[u8]); 2] = [
    (
        include_str!("layout-1.sql"),
        include_bytes!("../../../../../crates/mailbox/src/rules/record-1.cbor"),
    ),
    (
        include_str!("layout-2.sql"),
        include_bytes!("../../../../../crates/mailbox/src/rules/record-2.cbor"),
    ),
];

/// Number and tables.
fn layout(path: &Path) -> (u32, Vec<String>) {
    let file = Connection::open(path).unwrap();
    let number = file.pragma_query_value(None, "user_version", |row| row.get(0));
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name";
    let mut tables = file.prepare(sql).unwrap();
    let tables = tables.query_map([], |row| row.get(0)).unwrap();
    (number.unwrap(), tables.map(Result::unwrap).collect())
}

#[tokio::test]
async fn a_file_of_every_layout_is_read_and_becomes_one_of_today() {
    let (_folder, path) = folder();
    drop(DurableStore::open(&path).unwrap());
    let today = layout(&path);
    let known = u32::try_from(LAYOUTS.len()).unwrap();
    assert_eq!(today.0, known, "each layout has its file");
    for (n, (tables, record)) in LAYOUTS.into_iter().enumerate() {
        let (_folder, path) = folder();
        let file = Connection::open(&path).unwrap();
        file.execute_batch(tables).unwrap();
        let id = mailbox(1);
        let row = params![id.0.as_bytes(), NOW + 100, 1000, record];
        file.execute("INSERT INTO mailbox VALUES (?1, ?2, ?3, ?4)", row)
            .unwrap();
        drop(file);
        if n + 1 == LAYOUTS.len() {
            assert_eq!(layout(&path), today, "the last is today's");
        }
        let store = DurableStore::open(&path).unwrap();
        let shown = run(&store, 1, Command::Show).await;
        assert!(
            matches!(shown, Ok(Answer::Shown { .. })),
            "layout {}",
            n + 1
        );
        create(&store, 2, "another").await;
        drop(store);
        assert_eq!(layout(&path), today);
    }
}

/// What a snapshot of the file system has.
#[tokio::test]
async fn a_copy_of_file_and_log_at_one_moment_is_the_store() {
    let (folder, path) = folder();
    let store = DurableStore::open(&path).unwrap();
    create(&store, 1, "one").await;
    create(&store, 2, "two").await;
    let aside = folder.path().join("copy");
    for part in ["", "-wal"] {
        let named = |path: &Path| format!("{}{part}", path.display());
        std::fs::copy(named(&path), named(&aside)).unwrap();
    }
    run(&store, 1, update(7, "later")).await.unwrap();
    let copy = DurableStore::open(&aside).unwrap();
    for (n, kept) in [(1, "one"), (2, "two")] {
        assert_eq!(data(run(&copy, n, read(SENDER)).await), kept);
    }
    // The device that wrote since writes again.
    run(&copy, 1, update(8, "later")).await.unwrap();
    assert_eq!(data(run(&copy, 1, read(SENDER)).await), "later");
}
