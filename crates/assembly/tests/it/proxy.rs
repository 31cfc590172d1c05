//! A network that fails: what goes through it is cut off, or gets stuck, at a place that the test says.

use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// How long somebody may take to see that nothing comes any more.
const NOTICE_WAIT: Duration = Duration::from_secs(30);

/// What happens to a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// After this many bytes of the answer both ends are closed.
    Cut(usize),
    /// After this many bytes nothing comes any more, and nobody is told.
    Stall(usize),
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
}

impl Proxy {
    /// Leads to an address. One fault a connection, in their order; after the last nothing happens any more.
    pub(crate) async fn new(target: SocketAddr, faults: &[Fault]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let faults: Arc<[Fault]> = faults.into();
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((near, _)) = listener.accept().await else { return };
                let fault = faults.get(number).copied().unwrap_or(Fault::None);
                tokio::spawn(async move {
                    let far = TcpStream::connect(target).await.unwrap();
                    carry(near, far, fault).await;
                });
            }
        });
        Self { address }
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, fault: Fault) {
    let (mut near_reads, mut near_writes) = near.split();
    let (mut far_reads, mut far_writes) = far.split();
    let there = copy(&mut near_reads, &mut far_writes);
    let back = async {
        let (mut bytes, mut carried) = (vec![0; 4 << 10], 0);
        loop {
            let most = match fault {
                Fault::None => bytes.len(),
                Fault::Cut(after) | Fault::Stall(after) => bytes.len().min(after - carried),
            };
            if most == 0 {
                if matches!(fault, Fault::Stall(_)) {
                    // Until the client has had enough.
                    std::future::pending::<()>().await;
                }
                return;
            }
            match far_reads.read(&mut bytes[..most]).await {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    carried += read;
                    if near_writes.write_all(&bytes[..read]).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    tokio::select! {
        _ = there => {}
        () = back => {}
    }
    // Not both at the same moment: one end knows before the other, and has gone by then.
    drop(near.shutdown().await);
    let gone = async { while matches!(near.read(&mut [0; 1 << 10]).await, Ok(read) if read > 0) {} };
    timeout(NOTICE_WAIT, gone).await.expect("who is cut off goes");
    drop(far);
}
