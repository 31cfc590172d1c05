//! Which apps a zone lets run (S0): on the owner's own machine all of them, on somebody else's servers those of the project,
//! that are signed by it or come with it. Apps of the browser run in none of the two, and are at home beside the owner's own
//! machine, which keeps them and hands them out.
//! What they may do there is the broker's word.

use crate::{
    Kernel,
    apps::{AppRecord, LoadedApp},
};
use package::{Code, Package};
use protocol::{Badge, ErrorCode, Failure, Zone};

impl Kernel {
    /// Whether a package may run in this zone.
    pub(crate) fn zone_check(&self, package: &Package, is_ours: bool) -> Result<(), Failure> {
        let (zone, name) = (self.broker.zone(), package.name());
        let refused = |message: String| Err(Failure::new(ErrorCode::PackageZoneRefused, message));
        let zones = &package.manifest().zones;
        let is_beside = zone == Zone::Local && crate::card::opens(package).is_some();
        if !zones.contains(&zone) && !is_beside {
            let listed = zones.iter().map(Zone::to_string).collect::<Vec<_>>().join(", ");
            return refused(format!("{name} does not run in zone {zone}: its author lists {listed}"));
        }
        if zone == Zone::Local {
            return Ok(());
        }
        if !is_ours {
            return refused(format!("{name} does not run in zone {zone}: only apps that the oikos project signed do"));
        }
        if let Code::Program(_) = package.code() {
            return refused(format!("{name} does not run in zone {zone}: its code is a program of its own"));
        }
        Ok(())
    }

    /// The same of an app that was installed, perhaps while the zone was another.
    pub(crate) fn zone_check_again(&self, app: &LoadedApp) -> Result<(), Failure> {
        self.zone_check(&app.package, self.is_ours(&app.record))
    }

    /// Whether an app is shown in this zone.
    pub(crate) fn zone_shows(&self, record: &AppRecord) -> bool {
        // What is for browsers only lists no other zone.
        self.broker.zone() == Zone::Local || (self.is_ours(record) && record.opens.is_none())
    }

    fn is_ours(&self, record: &AppRecord) -> bool {
        record.badge == Badge::System || record.publisher_key.is_some_and(|key| key.key() == self.official.key())
    }
}
