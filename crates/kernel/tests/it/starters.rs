//! Apps that come with oikos: offered by their names, and told apart from what others call so.

use crate::{
    House,
    house::{ASKS, allowed, app, choice, owner, owner_of, script},
    world::OTHER,
};
use protocol::{
    Badge, Caller, Door, ErrorCode, Failure, GrantState, OfferId, OwnerId, Right, Rights, Scope, Zone, api::GrantView,
};

async fn offer(house: &House, caller: Caller, source: &str) -> Result<(OfferId, protocol::Card), Failure> {
    house.kernel.app_offer(caller, source.to_owned(), None, false).await
}

async fn installed(house: &House) -> protocol::api::AppDetail {
    let (offer, _) = offer(house, owner(), "starter").await.unwrap();
    house.kernel.app_install(owner(), offer, allowed()).await.unwrap()
}

/// Folders that were granted: no card proposes one.
fn folders(grants: &[GrantView]) -> usize {
    let of = |grant: &GrantView| match &grant.line.scope {
        Scope::File { folders, .. } => folders.len(),
        _ => 0,
    };
    grants.iter().map(of).sum()
}

#[tokio::test]
async fn its_name_is_enough_for_who_has_no_path() {
    let house = House::new();
    let listed = house.kernel.app_starters(&owner()).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].name.as_str(), listed[0].version.as_str(), &listed[0].installed),
        ("starter", "1.0.0", &None)
    );
    // Another owner in a browser, who names no path of this machine.
    let ben = Caller { door: Door::Page, ..owner_of(OTHER) };
    let denied = house.offer(ben, &house.packed("starter", "1.0.0", ASKS)).await.unwrap_err();
    assert_eq!(denied.code, ErrorCode::PermissionDenied);
    let (id, card) = offer(&house, ben, "starter").await.unwrap();
    assert_eq!(card.badge, Badge::System);
    assert_eq!(card.signed.unwrap().to_string(), "comes with oikos: it is inside this program");
    assert!(
        card.warnings.iter().all(|warning| !warning.code.starts_with("card_warning_unsigned")),
        "{:?}",
        card.warnings
    );
    let storage = vec![choice("storage", GrantState::Allow, None)];
    let detail = house.kernel.app_install(ben, id, storage).await.unwrap();
    assert_eq!((detail.summary.badge, detail.source.as_deref()), (Badge::System, Some("starter")));
    assert_eq!(house.kernel.app_starters(&ben).unwrap()[0].installed.as_deref(), Some("1.0.0"));
    assert_eq!(house.kernel.app_starters(&owner()).unwrap()[0].installed, None, "whose it is not");
    // It asks for the right that any offer asks for, and a key installs nothing.
    let reader = Caller { rights: Rights::of(&[Right::Read]), ..script() };
    assert_eq!(offer(&house, reader, "starter").await.unwrap_err().code, ErrorCode::PermissionDenied);
    let key = Caller { door: Door::Key, ..script() };
    let (id, _) = offer(&house, key, "starter").await.unwrap();
    let said = house.kernel.app_install(key, id, vec![]).await.unwrap_err();
    assert_eq!(said.code, ErrorCode::PermissionDenied);
    let nobody = Caller { rights: Rights::of(&[Right::Manage]), ..script() };
    assert_eq!(house.kernel.app_starters(&nobody).unwrap_err().code, ErrorCode::PermissionDenied);
}

#[tokio::test]
async fn no_other_name_leads_inside() {
    let house = House::new();
    for name in ["start", "starter-2", "etc"] {
        assert_eq!(offer(&house, owner(), name).await.unwrap_err().code, ErrorCode::NotFound, "{name}");
    }
    for path in ["./starter", "starter/", "/starter", "Starter", "starter\0"] {
        let said = offer(&house, owner(), path).await.unwrap_err();
        assert_ne!(said.code, ErrorCode::NotFound, "{path} is a path: {said:?}");
    }
}

/// A name is no claim: what another package of the same name gets is asked anew, in both directions.
#[tokio::test]
async fn what_was_granted_does_not_go_over_to_another_of_its_name() {
    let house = House::new();
    installed(&house).await;
    assert_eq!(folders(&house.kernel.grant_list(&owner(), &app("starter")).unwrap()), 2);
    let (id, card) = house.offer(owner(), &house.packed("starter", "1.1.0", ASKS)).await.unwrap();
    assert!(matches!(card.badge, Badge::LocalDeveloper { .. }));
    let change = card.change.unwrap();
    assert!(change.is_anew && change.needs_consent());
    assert_eq!(change.more[0].code, "card_change_from_system");
    let other = house.kernel.app_install(owner(), id, vec![]).await.unwrap();
    assert!(matches!(other.summary.badge, Badge::LocalDeveloper { .. }));
    assert_eq!(folders(&other.grants), 0, "what a card proposes, and nothing that was granted: {:?}", other.grants);

    // Back to what came with oikos, with what was granted to it.
    let back = house.kernel.app_rollback(owner(), app("starter"), false).await.unwrap();
    assert_eq!((back.summary.badge, back.summary.version.as_str()), (Badge::System, "1.0.0"));
    assert_eq!(folders(&back.grants), 2);

    // And from somebody's to what comes with oikos.
    let house = House::new();
    house.install_as(owner(), "starter", "0.9.0", ASKS, allowed()).await.unwrap();
    let (_, card) = offer(&house, owner(), "starter").await.unwrap();
    let change = card.change.unwrap();
    assert!(change.is_anew);
    assert_eq!(change.more[0].code, "card_change_system");
}

/// The same bytes from a folder are not what came with oikos either.
#[tokio::test]
async fn the_same_bytes_from_elsewhere_are_asked_anew() {
    let house = House::new();
    let digest = installed(&house).await.digest;
    let (id, card) = house.offer(owner(), &house.packed("starter", "1.0.0", ASKS)).await.unwrap();
    assert_eq!(card.digest, digest);
    let again = house.kernel.app_install(owner(), id, vec![]).await.unwrap();
    assert!(matches!(again.summary.badge, Badge::LocalDeveloper { .. }));
    assert_eq!(folders(&again.grants), 0, "{:?}", again.grants);
}

#[tokio::test]
async fn it_is_still_what_came_with_oikos_after_a_restart_and_no_manifest_says_so() {
    let mut house = House::new();
    installed(&house).await;
    house.restart();
    house.kernel.recover(OwnerId::LOCAL).unwrap();
    let app = house.kernel.app_info(owner(), app("starter")).await.unwrap();
    assert_eq!(app.summary.badge, Badge::System);
    // Who is in charge of a cloud sees what the project vouches for, if it lists that zone. This one does not.
    house.restart_in(Zone::Cloud);
    assert!(house.kernel.app_starters(&owner()).unwrap().is_empty());
    assert_eq!(offer(&house, owner(), "starter").await.unwrap_err().code, ErrorCode::PackageZoneRefused);
}
