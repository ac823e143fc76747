//! Offers a simulated modem to other programs, as long as it is on the bus.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{mpsc, watch};

use super::board::Order;
use crate::host::endpoint::{Endpoint, Listen};
use crate::host::port::Line;
use crate::sim::ConnectionId;

/// Frames on their way to one program.
const FRAMES: usize = 64;

/// Numbers of connections; 0 is the daemon's.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Makes the place when the device appears and takes it away when it vanishes: a program then sees what it would see
/// of a real one. Ends with the modem.
pub(super) async fn offer(listen: Listen, orders: mpsc::Sender<Order>, mut visible: watch::Receiver<bool>) {
    while visible.wait_for(|there| *there).await.is_ok() {
        let mut endpoint = match Endpoint::bind(&listen) {
            Ok(endpoint) => endpoint,
            Err(error) => {
                tracing::warn!(?listen, %error, "the modem is not offered until it appears again");
                if visible.wait_for(|there| !*there).await.is_err() {
                    return;
                }
                continue;
            }
        };
        tracing::info!(?listen, "the modem is offered");
        loop {
            tokio::select! {
                line = endpoint.accept() => match line {
                    Ok(line) => drop(tokio::spawn(carry(line, orders.clone()))),
                    Err(error) => tracing::debug!(%error, "a program could not connect"),
                },
                gone = visible.wait_for(|there| !*there) => {
                    if gone.is_err() {
                        return;
                    }
                    break;
                }
            }
        }
    }
}

/// Carries bytes between a program and the modem until either hangs up.
async fn carry(mut line: Line, orders: mpsc::Sender<Order>) {
    let id = ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed));
    let (send, mut frames) = mpsc::channel(FRAMES);
    if orders.send(Order::Joined(id, send)).await.is_err() {
        return;
    }
    loop {
        let order = tokio::select! {
            read = line.turn() => match read {
                Ok(bytes) => Order::Said(id, bytes),
                Err(_) => break,
            },
            frame = frames.recv() => match frame {
                Some(frame) => {
                    line.queue_or_lose(frame);
                    continue;
                }
                None => return,
            },
        };
        if orders.send(order).await.is_err() {
            return;
        }
    }
    let _ = orders.send(Order::Left(id)).await;
}
