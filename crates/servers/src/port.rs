//! Ports that stay reserved while a server is down.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::{ServerError, tools};

/// Below the ephemeral ports of outgoing connections (from 32768 on Linux): such a connection could take the port of a
/// server that is down for a moment, or even connect to itself.
const PORTS: Range<u16> = 15_000..32_000;

/// A port of 127.0.0.1, reserved among all processes of this checkout until it is dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// A locked file, which the system unlocks when this process ends.
    _reservation: File,
}

impl Port {
    /// Reserves a free port.
    ///
    /// # Errors
    /// All ports are in use, or the reservation cannot be written.
    pub fn free() -> Result<Self, ServerError> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let all = PORTS.end - PORTS.start;
        // Processes start at different ports to avoid collisions.
        let first = u16::try_from(process::id().wrapping_mul(97) % u32::from(all)).unwrap_or_default();
        for _ in PORTS {
            let step = NEXT.fetch_add(1, Ordering::Relaxed) % all;
            let number = PORTS.start
                + u16::try_from((u32::from(first) + u32::from(step)) % u32::from(all)).unwrap_or_default();
            match Self::reserve(number) {
                Err(ServerError::PortInUse(_)) => {}
                result => return result,
            }
        }
        Err(ServerError::NoPort(PORTS))
    }

    /// Reserves this port.
    ///
    /// # Errors
    /// The port is in use or reserved, or the reservation cannot be written.
    pub fn reserve(number: u16) -> Result<Self, ServerError> {
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

    /// The port number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_reserved_twice() {
        let ports: Vec<_> = (0..20).map(|_| Port::free().expect("a port")).collect();
        let mut numbers: Vec<_> = ports.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), ports.len());
        assert!(matches!(Port::reserve(numbers[0]), Err(ServerError::PortInUse(_))));
        drop(ports);
        assert!(Port::reserve(numbers[0]).is_ok());
    }

    #[test]
    fn a_port_in_use_is_not_reserved() {
        let port = Port::free().expect("a port").number();
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is free");
        assert!(matches!(Port::reserve(port), Err(ServerError::PortInUse(_))));
    }
}
