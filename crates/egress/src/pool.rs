//! Open connections of a run. A connection belongs to the run whose permit opened it: no other run, and so no other app or
//! owner, is ever given it; and the permit of each further request is asked again about the address behind it.

use crate::connect::Connection;
use broker::{WebHost, WebUrl};
use parking_lot::Mutex;
use protocol::RunId;
use std::collections::HashMap;

/// Connections that wait for a further request, of one run to one origin: what a browser opens.
const IDLE_MAX: usize = 6;
/// Of one run in all.
const IDLE_OF_RUN_MAX: usize = 32;

/// Which connections fit a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin {
    is_https: bool,
    host: WebHost,
    port: u16,
}

impl Origin {
    fn of(url: &WebUrl) -> Self {
        Self { is_https: url.is_https(), host: url.host().clone(), port: url.port() }
    }
}

#[derive(Default)]
pub(crate) struct Pool(Mutex<HashMap<RunId, HashMap<Origin, Vec<Connection>>>>);

impl Pool {
    /// A connection of this run to this origin that can take a request. One that several requests can share stays.
    pub(crate) fn take(&self, run: RunId, url: &WebUrl) -> Option<Connection> {
        let mut pool = self.0.lock();
        let waiting = pool.get_mut(&run)?.get_mut(&Origin::of(url))?;
        waiting.retain(|connection| !connection.is_closed());
        match waiting.last()?.share() {
            Some(shared) => Some(shared),
            None => waiting.pop(),
        }
    }

    /// Keeps a connection for the next request of the run.
    pub(crate) fn put(&self, run: RunId, url: &WebUrl, connection: Connection) {
        if connection.is_closed() {
            return;
        }
        let mut pool = self.0.lock();
        let of_run = pool.entry(run).or_default();
        if of_run.values().map(Vec::len).sum::<usize>() >= IDLE_OF_RUN_MAX {
            return;
        }
        let waiting = of_run.entry(Origin::of(url)).or_default();
        let is_known = connection.share().is_some() && waiting.iter().any(|known| known.share().is_some());
        if waiting.len() < IDLE_MAX && !is_known {
            waiting.push(connection);
        }
    }

    /// Closes what a run has open.
    pub(crate) fn close(&self, run: RunId) {
        self.0.lock().remove(&run);
    }

    /// How many connections wait.
    pub(crate) fn waiting(&self) -> usize {
        self.0.lock().values().flat_map(HashMap::values).map(Vec::len).sum()
    }
}
