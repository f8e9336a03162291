//! A program that runs, and what can be done to it.

use std::path::Path;
use std::process::{Child, ExitStatus};

use crate::guard::Guard;
use crate::place::Folder;
use crate::{Port, Program, ServerError, poll, signal};

/// A program that runs, or was killed and can be restarted at the same place. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    program: Program,
    url: String,
    running: Option<Running>,
    folder: Folder,
    /// They stay ours while it is down.
    _ports: Vec<Port>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Dropped when the child is gone.
    _guard: Guard,
}

impl Server {
    /// Starts a program of which clients know `url`, and waits until it is ready. The ports are those that it listens on.
    ///
    /// # Errors
    /// It cannot be started, ends, or does not get ready in time; the error tells the end of its log.
    pub fn start(program: Program, url: String, ports: Vec<Port>) -> Result<Self, ServerError> {
        let mut server = Self::spawn(program, url, ports)?;
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Starts a program and does not wait until it is ready, so that several can get ready at once.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(program: Program, url: String, ports: Vec<Port>) -> Result<Self, ServerError> {
        let folder = Folder::Kept(program.folder.clone());
        Self::spawn_in(folder, program, url, ports)
    }

    pub(crate) fn start_in(
        folder: Folder,
        program: Program,
        url: String,
        port: Port,
    ) -> Result<Self, ServerError> {
        let mut server = Self::spawn_in(folder, program, url, vec![port])?;
        server.wait_until_ready()?;
        Ok(server)
    }

    fn spawn_in(
        folder: Folder,
        program: Program,
        url: String,
        ports: Vec<Port>,
    ) -> Result<Self, ServerError> {
        let mut server = Self { program, url, running: None, folder, _ports: ports };
        server.run()?;
        Ok(server)
    }

    /// How its clients reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.program.name
    }

    /// Where its data is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it printed.
    pub fn log(&self) -> &Path {
        &self.program.log
    }

    /// The last lines of what it printed.
    pub fn log_end(&self) -> String {
        self.program.log_end()
    }

    /// Its process id, if it runs.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// How it ended by itself, if it did since it was started.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.running.as_mut().and_then(|running| running.child.try_wait().ok().flatten())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// It ends, or does not get ready in time; the error tells the end of its log.
    pub fn wait_until_ready(&mut self) -> Result<(), ServerError> {
        let ready = self.program.ready.clone();
        let outcome = poll::until(self.program.patience, || match self.ended() {
            Some(status) => Some(Err(status)),
            None => ready.now().then_some(Ok(())),
        });
        let (name, log) = (self.program.name.clone(), self.program.log_end());
        match outcome {
            Some(Ok(())) => Ok(()),
            Some(Err(status)) => Err(ServerError::Ended { name, status, log }),
            None => Err(ServerError::Silent { name, waited: self.program.patience, log }),
        }
    }

    /// Kills it without a warning (SIGKILL) and waits until it is gone. Nothing happens if it does not run.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // Its own children first: without it nobody would know them.
            let _ = signal::to_group("KILL", running.child.id());
            // It may have ended already.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Asks it to stop (SIGTERM) and waits until it did.
    ///
    /// # Errors
    /// It does not run, or did not stop in time and was killed.
    pub fn stop(&mut self) -> Result<ExitStatus, ServerError> {
        self.ask_to_stop()?;
        self.wait_until_stopped()
    }

    /// Asks it to stop (SIGTERM) and does not wait, so that several can stop at once.
    ///
    /// # Errors
    /// It does not run.
    pub fn ask_to_stop(&mut self) -> Result<(), ServerError> {
        if self.ended().is_some() {
            return Ok(());
        }
        // Whoever is paused would not hear it.
        self.resume()?;
        self.signal(signal::to_process, "TERM")
    }

    /// Waits until it stopped after [`Server::ask_to_stop`].
    ///
    /// # Errors
    /// It does not run, or did not stop in time and was killed.
    pub fn wait_until_stopped(&mut self) -> Result<ExitStatus, ServerError> {
        if self.running.is_none() {
            return Err(self.not_running());
        }
        let ended = poll::until(self.program.patience, || self.ended());
        self.kill();
        let (name, waited) = (self.program.name.clone(), self.program.patience);
        ended.ok_or_else(|| ServerError::Stuck { name, waited, log: self.program.log_end() })
    }

    /// Stops it from running (SIGSTOP) until [`Server::resume`], as a machine that hangs would: connections stay open
    /// and nobody answers.
    ///
    /// # Errors
    /// It does not run.
    pub fn pause(&mut self) -> Result<(), ServerError> {
        self.signal(signal::to_group, "STOP")?;
        let id = self.id().ok_or_else(|| self.not_running())?;
        let stopped = poll::until(self.program.patience, || signal::is_stopped(id).then_some(()));
        stopped.ok_or_else(|| {
            let source = std::io::Error::other("it runs on after SIGSTOP");
            ServerError::Signal { name: self.program.name.clone(), source }
        })
    }

    /// Lets it run on (SIGCONT).
    ///
    /// # Errors
    /// It does not run.
    pub fn resume(&mut self) -> Result<(), ServerError> {
        self.signal(signal::to_group, "CONT")
    }

    /// Starts it again with the same data at the same address, and waits until it is ready. Killed before if it runs.
    ///
    /// # Errors
    /// It cannot be started, ends, or does not get ready in time.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.restart_unready()?;
        self.wait_until_ready()
    }

    /// Like [`Server::restart`], and does not wait until it is ready.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn restart_unready(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.run()
    }

    fn run(&mut self) -> Result<(), ServerError> {
        let mut child = self.program.spawn()?;
        match Guard::over(child.id()) {
            Ok(guard) => self.running = Some(Running { child, _guard: guard }),
            Err(source) => {
                let _ = child.kill();
                let _ = child.wait();
                let (name, path) = (format!("the guard of {}", self.program.name), "sh".into());
                return Err(ServerError::Spawn { name, path, source });
            }
        }
        Ok(())
    }

    fn signal(&self, send: fn(&str, u32) -> std::io::Result<()>, signal: &str) -> Result<(), ServerError> {
        let id = self.id().ok_or_else(|| self.not_running())?;
        send(signal, id).map_err(|source| ServerError::Signal { name: self.program.name.clone(), source })
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
