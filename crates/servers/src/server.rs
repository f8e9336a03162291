//! A running program, and the operations on it.

use std::io;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use crate::location::DataFolder;
use crate::process::{Watchdog, is_stopped, send_group_signal};
use crate::{Port, Program, ServerError, Signal, poll_until, send_signal};

/// Timeout for MongoDB, NATS and nginx to become ready, and to stop.
pub(crate) const SERVER_TIMEOUT: Duration = Duration::from_secs(30);

/// A program that runs, or was killed and can be restarted with the same data and ports. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    program: Program,
    url: String,
    running: Option<Running>,
    folder: DataFolder,
    /// Reserved while the program is down, too.
    _ports: Vec<Port>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Dropped after the child has ended.
    _watchdog: Watchdog,
}

impl Server {
    /// Starts a program that clients reach at `url` and that listens on `ports`, and waits until it is ready.
    ///
    /// # Errors
    /// The program cannot be started, exits, or is not ready in time; the error shows the end of its log.
    pub fn start(program: Program, url: String, ports: Vec<Port>) -> Result<Self, ServerError> {
        let mut server = Self::spawn(program, url, ports)?;
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Like [`Server::start`], without waiting, so that several programs start concurrently.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn spawn(program: Program, url: String, ports: Vec<Port>) -> Result<Self, ServerError> {
        let folder = DataFolder::Kept(program.folder.clone());
        Self::spawn_in(folder, program, url, ports)
    }

    pub(crate) fn start_in(
        folder: DataFolder,
        program: Program,
        url: String,
        port: Port,
    ) -> Result<Self, ServerError> {
        let mut server = Self::spawn_in(folder, program, url, vec![port])?;
        server.wait_until_ready()?;
        Ok(server)
    }

    fn spawn_in(
        folder: DataFolder,
        program: Program,
        url: String,
        ports: Vec<Port>,
    ) -> Result<Self, ServerError> {
        let mut server = Self { program, url, running: None, folder, _ports: ports };
        server.run()?;
        Ok(server)
    }

    /// The URL for clients.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The program's name.
    pub fn name(&self) -> &str {
        &self.program.name
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The log file.
    pub fn log(&self) -> &Path {
        &self.program.log
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        self.program.log_tail()
    }

    /// The process id; `None` if the program is not running.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// The exit status, if the program exited without being stopped.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.running.as_mut().and_then(|running| running.child.try_wait().ok().flatten())
    }

    /// Waits until the program is ready.
    ///
    /// # Errors
    /// The program exits, or is not ready in time; the error shows the end of its log.
    pub fn wait_until_ready(&mut self) -> Result<(), ServerError> {
        let (probe, timeout) = (self.program.probe.clone(), self.program.timeout);
        let outcome = poll_until(timeout, || match self.exit_status() {
            Some(status) => Some(Err(status)),
            None => probe.succeeds().then_some(Ok(())),
        });
        let (name, log) = (self.program.name.clone(), self.program.log_tail());
        match outcome {
            Some(Ok(())) => Ok(()),
            Some(Err(status)) => Err(ServerError::Exited { name, status, log }),
            None => Err(ServerError::NotReady { name, timeout, log }),
        }
    }

    /// Kills the program (SIGKILL) and waits until it has ended. Does nothing if it is not running.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // With the children it has started. All of them may have ended already.
            let _ = send_group_signal(running.child.id(), Signal::KILL);
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Stops the program (SIGTERM) and waits until it has ended.
    ///
    /// # Errors
    /// The program is not running, or was killed because it did not stop in time.
    pub fn stop(&mut self) -> Result<ExitStatus, ServerError> {
        self.request_stop()?;
        self.wait_until_stopped()
    }

    /// Sends SIGTERM without waiting, so that several programs stop concurrently.
    ///
    /// # Errors
    /// The program is not running.
    pub fn request_stop(&mut self) -> Result<(), ServerError> {
        if self.exit_status().is_some() {
            return Ok(());
        }
        // A paused process would not handle SIGTERM.
        self.resume()?;
        self.signal(send_signal, Signal::TERM)
    }

    /// Waits until the program has ended after [`Server::request_stop`].
    ///
    /// # Errors
    /// The program is not running, or was killed because it did not stop in time.
    pub fn wait_until_stopped(&mut self) -> Result<ExitStatus, ServerError> {
        if self.running.is_none() {
            return Err(self.not_running());
        }
        let status = poll_until(self.program.timeout, || self.exit_status());
        self.kill();
        let (name, timeout) = (self.program.name.clone(), self.program.timeout);
        status.ok_or_else(|| ServerError::NotStopped { name, timeout, log: self.program.log_tail() })
    }

    /// Pauses the program (SIGSTOP) until [`Server::resume`]. As on a machine that hangs, connections stay open and
    /// receive no answer.
    ///
    /// # Errors
    /// The program is not running.
    pub fn pause(&mut self) -> Result<(), ServerError> {
        self.signal(send_group_signal, Signal::STOP)?;
        let id = self.id().ok_or_else(|| self.not_running())?;
        let stopped = poll_until(self.program.timeout, || is_stopped(id).then_some(()));
        stopped.ok_or_else(|| {
            let source = io::Error::other("the process runs on after SIGSTOP");
            ServerError::Signal { name: self.program.name.clone(), source }
        })
    }

    /// Continues a paused program (SIGCONT).
    ///
    /// # Errors
    /// The program is not running.
    pub fn resume(&mut self) -> Result<(), ServerError> {
        self.signal(send_group_signal, Signal::CONT)
    }

    /// Kills the program if it is running, starts it with the same data and ports, and waits until it is ready.
    ///
    /// # Errors
    /// The program cannot be started, exits, or is not ready in time.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.respawn()?;
        self.wait_until_ready()
    }

    /// Like [`Server::restart`], without waiting.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn respawn(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.run()
    }

    fn run(&mut self) -> Result<(), ServerError> {
        let mut child = self.program.spawn()?;
        match Watchdog::spawn(child.id()) {
            Ok(watchdog) => self.running = Some(Running { child, _watchdog: watchdog }),
            Err(source) => {
                let _ = child.kill();
                let _ = child.wait();
                let (name, path) = (format!("the watchdog of {}", self.program.name), "sh".into());
                return Err(ServerError::Spawn { name, path, source });
            }
        }
        Ok(())
    }

    fn signal(&self, send: fn(u32, Signal) -> io::Result<()>, signal: Signal) -> Result<(), ServerError> {
        let id = self.id().ok_or_else(|| self.not_running())?;
        send(id, signal).map_err(|source| ServerError::Signal { name: self.program.name.clone(), source })
    }

    fn not_running(&self) -> ServerError {
        ServerError::NotRunning { name: self.program.name.clone() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
