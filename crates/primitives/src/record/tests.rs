use super::*;
use crate::record;

#[derive(Debug, PartialEq)]
struct Times {
    first: u64,
    last: Option<u64>,
}

#[derive(Debug, PartialEq)]
enum End {
    Done,
    Failed(u64),
    Left { at: Option<u64>, times: Times },
}

#[derive(Debug, PartialEq)]
struct Whole {
    times: Times,
    ends: Vec<End>,
    token: Option<Vec<u8>>,
}

record! {
    struct Times { first: 5, last: 6 }
}
record! {
    enum End at 0 {
        1 = Done,
        2 = Failed(code: 1),
        3 = Left { at: 1, times: flat },
    }
}
record! {
    struct Whole { times: flat, ends: 1, token: 2 }
}

fn whole() -> Whole {
    let (first, last) = (7, None);
    Whole {
        times: Times {
            first,
            last: Some(8),
        },
        ends: vec![
            End::Done,
            End::Failed(9),
            End::Left {
                at: Some(1),
                times: Times { first, last },
            },
        ],
        token: Some(Vec::new()),
    }
}

#[test]
fn what_was_written_is_read_and_stands_where_it_was_said() {
    let read = from_map::<Whole>(&to_map(&whole()));
    assert_eq!(read, Some(whole()));
    let none = Whole {
        token: None,
        ends: Vec::new(),
        ..whole()
    };
    let expected = Map::new()
        .with(1, Vec::<Value>::new())
        .with(5, 7)
        .with(6, 8);
    assert_eq!(to_map(&none), expected);
    assert_eq!(from_map(&expected), Some(none));
    let failed = Map::new().with(0, 2).with(1, 9);
    assert_eq!(to_map(&End::Failed(9)), failed);
}

#[test]
fn a_key_that_is_missing_unknown_or_of_another_type_is_damage() {
    let written = whole();
    let map = || to_map(&written);
    let read = |map: &Map| from_map::<Whole>(map).is_some();
    assert!(read(&map()));
    assert!(!read(&map().with(0, 0)) && !read(&map().with(7, 0)));
    assert!(!read(&map().with(5, "7")) && !read(&map().with(2, true)));
    assert!(!read(&Map::new().with(1, Vec::<Value>::new())), "no 5");
    let end = |map: &Map| from_map::<End>(map);
    assert_eq!(end(&Map::new().with(0, 1)), Some(End::Done));
    assert_eq!(end(&Map::new().with(0, 1).with(1, 9)), None, "of another");
    assert_eq!(end(&Map::new().with(0, 4)), None);
    assert_eq!(end(&Map::new()), None);
    let inner = vec![Value::Map(Map::new().with(0, 1).with(9, 0))];
    assert!(!read(&map().with(1, inner)));
}

#[test]
fn another_version_is_told_from_damage_whatever_else_it_has() {
    let written = encode(7, &whole());
    let map = cbor::decode_map(&written).unwrap();
    assert_eq!(decode(7, &written), Ok(whole()));
    let read = |map: Map| decode::<Whole>(7, &map.encode()).err();
    let later = map
        .clone()
        .with(0, 8)
        .with(1, "of another form")
        .with(99, 0);
    assert_eq!(read(later), Some(RecordError::Version(8)));
    assert_eq!(read(map.clone().with(99, 0)), Some(RecordError::Damaged));
    assert_eq!(read(map.with(0, "7")), Some(RecordError::Damaged));
    assert_eq!(read(to_map(&whole())), Some(RecordError::Damaged));
    assert_eq!(decode::<Whole>(7, b""), Err(RecordError::Damaged));
}

#[test]
fn what_is_optional_in_a_map_is_all_there_or_not_at_all() {
    let read = |map: &Map| {
        let from = &mut Reader::new(map);
        let token: Vec<u8> = from.field(2)?;
        let times = from.rest::<Times>()?;
        from.is_done().then_some((token.len(), times))
    };
    let map = Map::new().with(2, &[7; 3]);
    let (first, last) = (7, None);
    assert_eq!(read(&map), Some((3, None)));
    let times = Some(Times { first, last });
    assert_eq!(read(&map.clone().with(5, 7)), Some((3, times)));
    assert_eq!(read(&map.clone().with(6, 7)), None);
    assert_eq!(read(&map.with(5, 7).with(9, 7)), None);
}

#[test]
fn a_byte_is_no_more_than_a_byte() {
    let value = |n: u64| u8::from_value(Some(&n.into()));
    assert_eq!((value(255), value(256)), (Some(255), None));
}
