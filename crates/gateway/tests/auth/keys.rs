//! API keys: made, used, listed, revoked.

use crate::house::{HOME, House, OTHER, code, owner, owner_of};
use gateway::auth::{Credential, FAILURES_FREE, Kind, Revocation};
use protocol::{Caller, ClientId, Door, ErrorCode, OwnerId, Right, Rights};
use testkit::TestEntropy;

#[test]
fn a_key_lets_its_owner_in_with_its_rights_and_nothing_more() {
    let mut house = House::new();
    let (view, key) = house.key(&owner(), "script", &[Right::Run, Right::Read, Right::Read], None);
    assert_eq!((view.rights.as_slice(), view.used_at), ([Right::Read, Right::Run].as_slice(), None));
    assert!(key.ends_with(&view.last_four));
    let (_, theirs) = house.key(&owner_of(OTHER), "script", &[Right::Manage], None);
    let check = |house: &House| {
        let admitted = house.bear(HOME, &key).unwrap();
        let rights = Rights::of(&[Right::Read, Right::Run]);
        let client = Some(ClientId::Key(view.id));
        assert_eq!(admitted.caller, Caller { door: Door::Key, rights, client, ..owner() });
        assert!(!admitted.caller.has_presence());
        assert_eq!(house.bear("192.0.2.7", &theirs).unwrap().caller.owner, OTHER);
    };
    check(&house);
    house.again();
    check(&house);
    let listed = house.access.keys().list(&owner()).unwrap();
    assert_eq!((listed.len(), listed[0].used_at), (1, Some(protocol::Timestamp(house.clock_now()))));
}

#[test]
fn a_revoked_or_expired_key_lets_nobody_in_and_ends_what_is_open() {
    let mut house = House::new();
    let (view, key) = house.key(&owner(), "script", &[Right::Read], None);
    let (_, short) = house.key(&owner(), "short", &[Right::Read], Some(60_000));
    let (open, brief) = (house.bear(HOME, &key).unwrap().revocation, house.bear(HOME, &short).unwrap().revocation);
    let is_over = |house: &House, revocation: &Revocation| revocation.is_over(protocol::Timestamp(house.clock_now()));
    assert!(!is_over(&house, &open) && !is_over(&house, &brief));
    // Of another owner there is no such key.
    let theirs = house.access.keys().revoke(&owner_of(OTHER), view.id, &house.clock).unwrap_err();
    assert_eq!(theirs.code, ErrorCode::NotFound);
    assert!(house.bear(HOME, &key).is_ok());
    house.access.keys().revoke(&owner(), view.id, &house.clock).unwrap();
    assert!(is_over(&house, &open));
    assert_eq!(code(house.bear(HOME, &key)), ErrorCode::Unauthenticated);
    house.clock.advance_ms(60_000);
    assert!(is_over(&house, &brief));
    assert_eq!(code(house.bear(HOME, &short)), ErrorCode::Unauthenticated);
    house.again();
    assert_eq!(code(house.bear(HOME, &key)), ErrorCode::Unauthenticated);
    assert_eq!(code(house.bear(HOME, &short)), ErrorCode::Unauthenticated);
    // Its name is free again, and one that is over makes room.
    house.key(&owner(), "script", &[Right::Read], None);
    house.key(&owner(), "short", &[Right::Read], None);
    assert_eq!(house.access.keys().list(&owner()).unwrap().len(), 2);
    assert_eq!(house.access.keys().revoke(&owner(), view.id, &house.clock).unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_stream_that_waits_is_told() {
    let house = House::new();
    let (view, key) = house.key(&owner(), "script", &[Right::Read], None);
    let open = house.bear(HOME, &key).unwrap().revocation;
    let clock = house.clock.clone();
    let waiting = tokio::spawn(async move { open.over(&clock).await });
    house.access.keys().revoke(&owner(), view.id, &house.clock).unwrap();
    waiting.await.unwrap();
}

#[test]
fn what_a_key_cannot_be() {
    let house = House::new();
    let make = |name: &str, rights: &[Right], life_ms| {
        let made =
            house.access.keys().make(&owner(), name.parse().unwrap(), rights, life_ms, &house.clock, &house.entropy);
        made.map(drop).map_err(|failure| failure.code)
    };
    assert_eq!(make("a", &[Right::Read, Right::Answer], None), Err(ErrorCode::InvalidInput));
    assert_eq!(make("a", &[], None), Err(ErrorCode::InvalidInput));
    assert_eq!(make("a", &[Right::Read], Some(0)), Err(ErrorCode::InvalidInput));
    assert_eq!(make("a", &[Right::Read], Some(u64::MAX)), Err(ErrorCode::InvalidInput));
    assert_eq!(make("a", &[Right::Read], None), Ok(()));
    assert_eq!(make("a", &[Right::Read], None), Err(ErrorCode::Conflict));
    // Neither a key nor who may only read makes keys, lists or revokes them.
    let (view, _) = house.key(&owner(), "all", Right::OF_KEYS, None);
    let by_key = Caller { door: Door::Key, rights: Rights::of(Right::OF_KEYS), ..owner() };
    let reader = Caller { rights: Rights::of(&[Right::Read]), ..owner() };
    for caller in [by_key, reader] {
        let name = "b".parse().unwrap();
        let made =
            house.access.keys().make(&caller, name, &[Right::Read], None, &house.clock, &house.entropy).map(drop);
        let listed = house.access.keys().list(&caller).map(drop);
        let revoked = house.access.keys().revoke(&caller, view.id, &house.clock).map(drop);
        for result in [made, listed, revoked] {
            assert_eq!(result.unwrap_err().code, ErrorCode::PermissionDenied);
        }
    }
}

#[test]
fn there_are_so_many_keys_and_no_more() {
    let house = House::new();
    for number in 0..gateway::auth::KEYS_MAX {
        house.key(&owner(), &format!("k{number}"), &[Right::Read], Some(1_000));
    }
    let make = |caller: &Caller| {
        let name = "more".parse().unwrap();
        house.access.keys().make(caller, name, &[Right::Read], None, &house.clock, &house.entropy).map(drop)
    };
    assert_eq!(make(&owner()).unwrap_err().code, ErrorCode::QuotaExceeded);
    make(&owner_of(OTHER)).unwrap();
    house.clock.advance_ms(1_000);
    make(&owner()).unwrap();
}

#[test]
fn no_key_is_in_what_is_kept_or_said() {
    let house = House::new();
    let (view, key) = house.key(&owner(), "script", &[Right::Read], None);
    house.bear(HOME, &key).unwrap();
    let wrong = Credential::generate(Kind::Key, &TestEntropy::seeded(9)).text();
    let mut said = String::new();
    for _ in 0..2 * FAILURES_FREE {
        said.push_str(&format!("{:?}", house.bear(HOME, wrong.expose())));
    }
    house.access.keys().revoke(&owner(), view.id, &house.clock).unwrap();
    said.push_str(&format!("{:?} {}", house.bear("192.0.2.1", &key), house.kept()));
    for secret in [&key, wrong.expose()] {
        let body = &secret["oikos_".len()..];
        assert!(!said.contains(body) && !said.contains(&body[..64]) && !said.contains(&body[..12]), "{said}");
    }
    let log: Vec<_> = said.lines().filter(|line| line.contains("\"event\":\"access\"")).collect();
    assert_eq!(log.len(), 2, "made and revoked: {log:?}");
}

impl House {
    fn clock_now(&self) -> i64 {
        use protocol::Clock as _;
        self.clock.now().0
    }
}

#[test]
fn the_socket_is_the_first_owner_unless_it_names_another() {
    use crate::house::get;
    use gateway::auth::Peer;
    let house = House::new();
    let local = |headers: &[(&str, &str)]| house.access.authenticate(&get(headers), Peer::Socket);
    assert_eq!(local(&[]).unwrap().caller.door, Door::Socket);
    let person = local(&[("oikos-presence", "yes")]).unwrap().caller;
    assert_eq!((person.owner, person.has_presence()), (OwnerId::LOCAL, true));
    assert_eq!(local(&[("oikos-owner", "ben")]).unwrap().caller.owner, OTHER);
    assert_eq!(code(local(&[("oikos-owner", "nobody")])), ErrorCode::OwnerNotFound);
    assert_eq!(code(local(&[("oikos-owner", "")])), ErrorCode::OwnerNotFound);
    // From a network these say nothing.
    let (_, key) = house.key(&owner(), "script", &[Right::Read], None);
    let bearer = format!("Bearer {key}");
    let parts = get(&[("authorization", &bearer), ("oikos-owner", "ben"), ("oikos-presence", "yes")]);
    let caller = house.send(HOME, &parts).unwrap().caller;
    assert_eq!((caller.owner, caller.has_presence()), (OwnerId::LOCAL, false));
    assert_eq!(code(house.send(HOME, &get(&[("oikos-presence", "yes")]))), ErrorCode::Unauthenticated);
}
