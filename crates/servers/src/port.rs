//! Ports that stay ours while a server is down.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::{ServerError, tools};

/// Below the ports that systems give to outgoing connections (from 32768 on Linux): such a connection could sit on the
/// port of a server that is down for a moment, or even connect to itself there.
const PORTS: Range<u16> = 15_000..32_000;

/// A port of 127.0.0.1, reserved among all processes of this checkout for as long as the value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked. The system unlocks it if we die.
    _reservation: File,
}

impl Port {
    /// Reserves a free port.
    ///
    /// # Errors
    /// All are taken, or the reservations cannot be written.
    pub fn free() -> Result<Self, ServerError> {
        static TRIED: AtomicU16 = AtomicU16::new(0);
        let all = PORTS.end - PORTS.start;
        // Processes begin at different places, so that they rarely meet.
        let first = u16::try_from(process::id().wrapping_mul(97) % u32::from(all)).unwrap_or_default();
        for _ in PORTS {
            let step = TRIED.fetch_add(1, Ordering::Relaxed) % all;
            let number = PORTS.start
                + u16::try_from((u32::from(first) + u32::from(step)) % u32::from(all)).unwrap_or_default();
            match Self::given(number) {
                Err(ServerError::PortInUse(_)) => {}
                decided => return decided,
            }
        }
        Err(ServerError::NoPort(PORTS))
    }

    /// Reserves this very port.
    ///
    /// # Errors
    /// Somebody listens there, or has reserved it; or the reservation cannot be written.
    pub fn given(number: u16) -> Result<Self, ServerError> {
        let folder = tools().join("ports");
        fs::create_dir_all(&folder).map_err(ServerError::file(&folder))?;
        let path = folder.join(number.to_string());
        let reservation = File::options().create(true).truncate(false).write(true).open(&path);
        let reservation = reservation.map_err(ServerError::file(&path))?;
        let is_free =
            reservation.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
        if is_free {
            Ok(Self { number, _reservation: reservation })
        } else {
            Err(ServerError::PortInUse(number))
        }
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_while_it_is_held() {
        let ports: Vec<_> = (0..20).map(|_| Port::free().expect("a port")).collect();
        let mut numbers: Vec<_> = ports.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), ports.len());
        assert!(matches!(Port::given(numbers[0]), Err(ServerError::PortInUse(_))));
        drop(ports);
        assert!(Port::given(numbers[0]).is_ok());
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_not_given() {
        let port = Port::free().expect("a port").number();
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is free");
        assert!(matches!(Port::given(port), Err(ServerError::PortInUse(_))));
    }
}
