//! Where what waits is run.

pub(super) fn in_runtime<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(work);
    // An iptables that hangs must not keep us: its thread is left behind.
    runtime.shutdown_background();
    Ok(done)
}
