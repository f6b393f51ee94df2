//! The C programs: how they are compiled, run, and what they cost.

use std::mem::MaybeUninit;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs, io};

/// A run that takes longer has hung.
const BOUND: libc::c_uint = 120;

/// What one run of a whole process cost.
pub struct Cost {
    /// Seconds from start to end.
    pub wall: f64,
    /// Seconds of CPU, user and system.
    pub cpu: f64,
    /// Bytes at the peak.
    pub memory: f64,
}

/// A program of `benches/c`, or the system's own `cp`.
#[derive(Clone, Copy, PartialEq)]
pub enum Program {
    Ours,
    OursDownload,
    OursUpload,
    CurlMulti,
    CurlEasy,
    CurlDownload,
    CurlUpload,
    Copy,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Program::Ours => "ours",
            Program::OursDownload => "ours_download",
            Program::OursUpload => "ours_upload",
            Program::CurlMulti => "curl_multi",
            Program::CurlEasy => "curl_easy",
            Program::CurlDownload => "curl_download",
            Program::CurlUpload => "curl_upload",
            Program::Copy => "cp",
        }
    }

    pub fn compile(self, out: &Path) -> io::Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut cc = Command::new("cc");
        cc.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-o"]).arg(out.join(self.name()));
        cc.arg(root.join("benches/c").join(self.name()).with_extension("c"));
        match self {
            Program::Ours | Program::OursDownload | Program::OursUpload => {
                cc.arg("-I").arg(root.join("include")).arg(library(out)?)
            }
            Program::Copy => return Ok(()),
            _ => cc.arg("-lcurl"),
        };
        match cc.status()?.success() {
            true => Ok(()),
            false => Err(io::Error::other(format!("{} does not compile (libcurl's headers?)", self.name()))),
        }
    }

    pub fn run(self, out: &Path, arguments: &[String]) -> io::Result<Cost> {
        let begun = Instant::now();
        let mut command = match self {
            Program::Copy => Command::new(self.name()),
            _ => Command::new(out.join(self.name())),
        };
        let child = bound(command.args(arguments).env("LD_LIBRARY_PATH", out), BOUND).spawn()?;
        let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::zeroed());
        // SAFETY: both are ours to write. It reaps the child, and tells what std's own wait does not.
        let waited = unsafe { libc::wait4(child.id() as libc::pid_t, &mut status, 0, usage.as_mut_ptr()) };
        if waited < 0 {
            return Err(io::Error::last_os_error());
        }
        let wall = begun.elapsed().as_secs_f64();
        // SAFETY: wait4 wrote it; zeroes would do as well.
        let usage = unsafe { usage.assume_init() };
        if status != 0 {
            return Err(io::Error::other(match libc::WTERMSIG(status) {
                libc::SIGALRM => format!("{} hung for {BOUND} s: {arguments:?}", self.name()),
                signal => format!("{} failed (wait status {status}, signal {signal}): {arguments:?}", self.name()),
            }));
        }
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
        Ok(Cost {
            wall,
            cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            memory: usage.ru_maxrss as f64 * 1024.0,
        })
    }
}

/// The release library beside this executable, under its soname too, which is what the loader asks for.
fn library(out: &Path) -> io::Result<PathBuf> {
    let executable = env::current_exe()?;
    let library = executable.ancestors().nth(2).unwrap().join("liburlsession.so");
    if !library.exists() {
        return Err(io::Error::other(format!("{} is missing: cargo build --release", library.display())));
    }
    let soname = concat!("liburlsession.so.", env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    let link = out.join(soname);
    let _ = fs::remove_file(&link);
    symlink(&library, link)?;
    Ok(library)
}

/// Lets a child live no longer than this process, nor than `seconds` (0: no such limit): an alarm outlives exec.
pub fn bound(command: &mut Command, seconds: libc::c_uint) -> &mut Command {
    let limit = move || {
        // SAFETY: both may be called between fork and exec; an alarm in 0 seconds is none.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            libc::alarm(seconds);
        }
        Ok(())
    };
    // SAFETY: the closure makes two system calls and allocates nothing.
    unsafe { command.pre_exec(limit) }
}
