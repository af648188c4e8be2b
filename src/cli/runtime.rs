//! Runs asynchronous work to its end.

pub(super) fn in_runtime<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(work);
    // An iptables that hangs must not delay the exit, so its thread is abandoned.
    runtime.shutdown_background();
    Ok(done)
}
