//! How many lines there may be at once. A line costs little and may be held for days, so that what bounds connections
//! bounds lines too late: whoever only wants to ask something must find a place beside them.

use crate::Arrival;
use parking_lot::Mutex;
use protocol::{ErrorCode, Failure, OwnerId};
use std::{collections::HashMap, sync::Arc};

/// Lines through TCP, of all owners: a thousand connections stay for those who ask and go.
const TCP_LINES_MAX: usize = 7_168;
/// Lines of one owner through TCP. Nobody keeps the others out.
const OWNER_LINES_MAX: usize = 5_632;
/// Lines through the socket, where there are few places: less than half of them.
const SOCKET_LINES_MAX: usize = 32;

/// The lines that are open.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    socket: usize,
    tcp: usize,
    owners: HashMap<OwnerId, usize>,
}

/// A line's place among the others. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct LinePlace {
    lines: Arc<Lines>,
    owner: OwnerId,
    is_tcp: bool,
}

impl Lines {
    /// How many there are through the socket, and through TCP.
    pub(crate) fn open(&self) -> (usize, usize) {
        let open = self.0.lock();
        (open.socket, open.tcp)
    }

    /// A place for another one.
    pub(crate) fn place(self: &Arc<Self>, owner: OwnerId, arrival: Arrival) -> Result<LinePlace, Failure> {
        let is_tcp = matches!(arrival, Arrival::Tcp { .. });
        let mut open = self.0.lock();
        let (taken, most) = match is_tcp {
            true => (open.tcp, TCP_LINES_MAX),
            false => (open.socket, SOCKET_LINES_MAX),
        };
        let of_owner = open.owners.get(&owner).copied().unwrap_or_default();
        if taken >= most || (is_tcp && of_owner >= OWNER_LINES_MAX) {
            let most = if taken >= most { most } else { OWNER_LINES_MAX };
            let failure = Failure::new(ErrorCode::HostBusy, format!("{most} WebSockets are open already"));
            return Err(failure.hint("close those that nobody looks at; one carries many requests at once"));
        }
        match is_tcp {
            true => {
                open.tcp += 1;
                open.owners.insert(owner, of_owner + 1);
            }
            false => open.socket += 1,
        }
        Ok(LinePlace { lines: self.clone(), owner, is_tcp })
    }
}

impl Drop for LinePlace {
    fn drop(&mut self) {
        let mut open = self.lines.0.lock();
        if !self.is_tcp {
            open.socket -= 1;
            return;
        }
        open.tcp -= 1;
        if let Some(of_owner) = open.owners.get_mut(&self.owner) {
            *of_owner -= 1;
            if *of_owner == 0 {
                open.owners.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_owner_keeps_the_others_out_and_a_place_comes_back() {
        let lines = Arc::new(Lines::default());
        let afar = Arrival::Tcp { peer: ([127, 0, 0, 1], 5000).into() };
        let mut held: Vec<_> = (0..OWNER_LINES_MAX).map(|_| lines.place(OwnerId(2), afar).expect("is free")).collect();
        assert_eq!(lines.place(OwnerId(2), afar).expect_err("is full").code, ErrorCode::HostBusy);
        let rest = TCP_LINES_MAX - OWNER_LINES_MAX;
        let others: Vec<_> = (0..rest).map(|_| lines.place(OwnerId(3), afar).expect("is free")).collect();
        assert_eq!(lines.place(OwnerId(3), afar).expect_err("is full").code, ErrorCode::HostBusy);
        drop(others);
        lines.place(OwnerId(3), afar).expect("is free again");
        assert_eq!(lines.place(OwnerId(2), afar).expect_err("is full").code, ErrorCode::HostBusy);
        held.pop();
        lines.place(OwnerId(2), afar).expect("is free again");
        // Whoever sits at the machine gets in beside them all, and holds no place of those afar.
        let near: Vec<_> =
            (0..SOCKET_LINES_MAX).map(|_| lines.place(OwnerId(2), Arrival::Socket).expect("is free")).collect();
        assert_eq!(lines.place(OwnerId(2), Arrival::Socket).expect_err("is full").code, ErrorCode::HostBusy);
        drop((near, held));
        assert!(lines.0.lock().owners.is_empty() && lines.0.lock().tcp == 0 && lines.0.lock().socket == 0);
    }
}
