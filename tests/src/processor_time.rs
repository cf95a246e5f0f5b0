//! The time that the cores spend on something: what else the machine does is not part of it.

use std::{fs, time::Duration};

/// How long the cores are busy with `run`, in this thread and in the processes that it starts and waits for.
///
/// # Panics
/// Where `/proc` does not tell: on another system than Linux.
pub fn timed(run: impl FnOnce()) -> Duration {
    let before = processor_time();
    run();
    processor_time() - before
}

/// Of this thread to the nanosecond, of processes that ended to a hundredth of a second (proc(5)).
fn processor_time() -> Duration {
    let own = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let own = own.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).expect("a number");
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, behind_name) = stat.rsplit_once(") ").expect("a name in brackets");
    let ended: u64 =
        behind_name.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    Duration::from_nanos(own) + Duration::from_millis(ended * 10)
}
