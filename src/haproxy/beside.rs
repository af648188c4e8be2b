//! Server lines of this host that belong to another app. Their port shows it.

use super::{Balancer, Own, Role, ServerStat, Unseen};

impl Balancer {
    /// The lines of this host on other ports than the app's, each with its port, as found last.
    pub fn on_other_ports(&self) -> impl Iterator<Item = (Own, u16)> {
        let servers = self.found.iter().flat_map(|found| &found.servers);
        let other = |port: u16| port != 0 && port != self.ports.port;
        servers
            .filter(move |server| other(server.port) && self.is_ours(server))
            .map(|server| (Own::new(server, Role::Main), server.port))
    }

    /// One line as it is now.
    ///
    /// # Errors
    ///
    /// The balancer can't be asked, or has another line in its place.
    pub async fn stat_of(&self, line: &Own) -> Result<ServerStat, Unseen> {
        let command = ServerStat::command(line.backend_id, Some(line.server_id));
        let answers = self.socket.ask(std::slice::from_ref(&command)).await?;
        let rows = ServerStat::parse(&answers[0], &command)?;
        let is_it = |row: &ServerStat| row.backend == line.backend && row.server == line.server;
        let row = rows.into_iter().find(is_it);
        row.ok_or_else(|| Unseen::strange(&command, "another line in its place"))
    }
}
