//! Packages that are read for a card, and those that wait for a yes: as many as fit, and nobody takes them from others.

use crate::{
    House,
    house::{ASKS, owner, owner_of},
};
use protocol::{ErrorCode, OwnerId};
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};

/// Never comes.
const SLOW: &str = "https://slow.example/x.aisapp";

/// Begins to read a package that never comes.
async fn begin(house: &House, of: u32) -> JoinHandle<()> {
    let kernel = house.kernel.clone();
    let waiting = house.world.errands();
    let offer = async move { kernel.app_offer(owner_of(OwnerId(of)), SLOW.to_owned(), None, false).await.map(drop) };
    let reading = tokio::spawn(async move { panic!("it came: {:?}", offer.await) });
    house.until("it is fetched", || house.world.errands() == waiting + 1).await;
    reading
}

async fn refused(house: &House, of: u32) {
    let offered = house.kernel.app_offer(owner_of(OwnerId(of)), SLOW.to_owned(), None, false);
    let failure = timeout(Duration::from_secs(5), offered).await.expect("at once").unwrap_err();
    assert_eq!(failure.code, ErrorCode::HostBusy);
    assert!(failure.hint.is_some());
}

#[tokio::test]
async fn reading_is_bounded_for_each_owner_and_in_all() {
    let house = House::new();
    let mut readings = Vec::new();
    for _ in 0..4 {
        readings.push(begin(&house, 1).await);
    }
    refused(&house, 1).await;
    // What lies on this machine is read in the same places.
    let failure = house.offer(owner(), &house.packed("scribe", "1.0.0", ASKS)).await.unwrap_err();
    assert_eq!(failure.code, ErrorCode::HostBusy);
    // Another owner has places of their own, a third finds none in all.
    for _ in 0..4 {
        readings.push(begin(&house, 2).await);
    }
    refused(&house, 2).await;
    refused(&house, 3).await;
    // It ends with who waits for it.
    readings.remove(0).abort();
    house.until("its place is free", || house.world.errands() == 7).await;
    readings.push(begin(&house, 3).await);
    refused(&house, 1).await;
    readings.iter().for_each(JoinHandle::abort);
    house.until("all places are free", || house.world.errands() == 0).await;
    house.scribe().await;
    let refusals = house.log().iter().filter(|record| record.event == protocol::AuditEvent::Refused).count();
    assert_eq!(refusals, 0, "what was never read was not refused");
}

#[tokio::test]
async fn offers_of_one_owner_push_out_only_their_own() {
    let house = House::new();
    let package = house.packed("scribe", "1.0.0", ASKS);
    let (kept, _) = house.offer(owner(), &package).await.unwrap();
    let other = owner_of(OwnerId(2));
    let mut offers = Vec::new();
    for _ in 0..17 {
        offers.push(house.offer(other, &package).await.unwrap().0);
    }
    assert_eq!(house.kernel.app_decline(&other, offers[0]).unwrap_err().code, ErrorCode::NotFound);
    for offer in &offers[1..] {
        house.kernel.app_decline(&other, *offer).unwrap();
    }
    house.kernel.app_install(owner(), kept, vec![]).await.unwrap();
}

/// Of all owners together no more than a bound: who has the most gives up the oldest.
#[tokio::test]
async fn offers_of_many_owners_stay_within_their_bound() {
    let house = House::new();
    let package = house.packed("scribe", "1.0.0", ASKS);
    let (first, _) = house.offer(owner(), &package).await.unwrap();
    let mut offers = Vec::new();
    for of in 2..=5 {
        for _ in 0..16 {
            offers.push((of, house.offer(owner_of(OwnerId(of)), &package).await.unwrap().0));
        }
    }
    let kept = offers.iter().filter(|(of, offer)| house.kernel.app_decline(&owner_of(OwnerId(*of)), *offer).is_ok());
    assert_eq!(kept.count(), 63, "with the first owner's, 64");
    house.kernel.app_decline(&owner(), first).unwrap();
}
