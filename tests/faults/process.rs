//! Further processes: this very binary, started again to run one test in another role.
//!
//! Everything has a deadline. A process that hangs fails its test; it does not hang the build.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Far more than anything here takes, also on a machine that is busy with something else.
pub const DEADLINE: Duration = Duration::from_secs(120);

const ROLE: &str = "FLAGSTAY_FAULTS_ROLE";
/// Tells what a process says from what the test harness prints around it.
const MARK: &str = "> ";

/// The arguments of [`start`], in the process that was started; `None` in the test itself.
pub fn role() -> Option<Vec<String>> {
    let role = std::env::var(ROLE).ok()?;
    stop_after(DEADLINE);
    Some(role.split('\n').map(str::to_owned).collect())
}

/// Ends this process when the time is up, whatever it is doing then.
pub fn stop_after(time: Duration) {
    // SAFETY: no memory is involved; SIGALRM keeps its default action, which is to end the process.
    unsafe { libc::alarm(time.as_secs() as libc::c_uint) };
}

/// Says one line to the test. It has left this process when this returns.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // The harness may have left a line unfinished.
    write!(out, "\n{MARK}{line}\n").unwrap();
    out.flush().unwrap();
}

/// Waits for a line of the test.
pub fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// A process that was started.
pub struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

/// Starts this binary again to run `test`, which finds `role` in [`role`].
pub fn start(test: &str, role: &[&str]) -> Process {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ROLE, role.join("\n"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let input = child.stdin.take().unwrap();
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if let Some(said) = line.strip_prefix(MARK) {
                let _ = sender.send(said.to_owned());
            }
        }
    });
    Process {
        child,
        input,
        lines,
    }
}

impl Process {
    /// The next line it says; `None` when it will say nothing more.
    pub fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the process says nothing"),
        }
    }

    pub fn expect(&self, line: &str) {
        assert_eq!(self.line().as_deref(), Some(line));
    }

    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// `kill -9`; returns what it had said by then and was not read yet.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "it ended by itself");
        std::iter::from_fn(|| self.line()).collect()
    }

    /// Waits for its end, which has to be a good one, and returns what it said.
    pub fn finish(mut self) -> Vec<String> {
        let lines: Vec<String> = std::iter::from_fn(|| self.line()).collect();
        let until = Instant::now() + DEADLINE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "the process ended with {status}");
                return lines;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the process does not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
