//! Windows: what of a policy a Job Object bounds. **Written, never run here.** A job bounds memory and processes and ends with
//! its last handle; it keeps neither files nor the network, so that a plan for Windows is refused and names both.

use crate::Policy;
use serde::{Deserialize, Serialize};

/// `JOB_OBJECT_LIMIT_ACTIVE_PROCESS`
const ACTIVE_PROCESS: u32 = 0x0008;
/// `JOB_OBJECT_LIMIT_PROCESS_TIME`
const PROCESS_TIME: u32 = 0x0002;
/// `JOB_OBJECT_LIMIT_JOB_MEMORY`
const JOB_MEMORY: u32 = 0x0200;
/// `JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION`
const DIE_ON_UNHANDLED_EXCEPTION: u32 = 0x0400;
/// `JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE`
const KILL_ON_JOB_CLOSE: u32 = 0x2000;
/// All of `JOB_OBJECT_UILIMIT_…`: the desktop, the clipboard, others' windows and the end of the session.
const UI_ALL: u32 = 0x00ff;

/// The numbers of `JOBOBJECT_EXTENDED_LIMIT_INFORMATION` and `JOBOBJECT_BASIC_UI_RESTRICTIONS` for one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLimits {
    /// `LimitFlags`
    pub flags: u32,
    /// `UIRestrictionsClass`
    pub ui: u32,
    /// `JobMemoryLimit`
    pub memory_bytes_max: u64,
    /// `ActiveProcessLimit`
    pub processes_max: u32,
    /// `PerProcessUserTimeLimit`, in its hundreds of nanoseconds.
    pub cpu_ticks_max: Option<i64>,
}

/// What a job for this policy bounds.
pub fn job_limits(policy: &Policy) -> JobLimits {
    let bounds = &policy.bounds;
    let cpu_ticks_max = bounds.cpu_seconds_max.map(|seconds| i64::from(seconds) * 10_000_000);
    let timed = if cpu_ticks_max.is_some() { PROCESS_TIME } else { 0 };
    JobLimits {
        flags: ACTIVE_PROCESS | JOB_MEMORY | DIE_ON_UNHANDLED_EXCEPTION | KILL_ON_JOB_CLOSE | timed,
        ui: UI_ALL,
        memory_bytes_max: bounds.memory_bytes_max,
        processes_max: bounds.processes_max,
        cpu_ticks_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bounds;

    #[test]
    fn the_numbers_are_those_that_were_read() {
        let mut policy = Policy::new("/node.exe", "/homes/files");
        policy.bounds = Bounds { cpu_seconds_max: Some(20), ..Bounds::default() };
        insta::assert_json_snapshot!("job_objects", job_limits(&policy));
    }

    #[test]
    fn a_job_without_a_time_has_no_flag_for_it() {
        let limits = job_limits(&Policy::new("/node.exe", "/homes/files"));
        assert_eq!((limits.flags & PROCESS_TIME, limits.cpu_ticks_max), (0, None));
        assert_ne!(limits.flags & KILL_ON_JOB_CLOSE, 0);
    }
}
