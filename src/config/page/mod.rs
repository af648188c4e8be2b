//! `[app.NAME.page]`, what users meet during maintenance, and `[app.NAME.readonly]`, the marker by
//! which HAProxy refuses writes. Each is a view of the app with a gate of its own.

pub(super) mod file;
pub(super) mod settings;

use super::file::AppFile;
use super::mistake::Mistake;
use super::port::Port;
use file::{PageFile, ReadonlyFile};
use settings::{PAGE, PageSettings, READONLY, ReadonlySettings, ports};
use std::path::PathBuf;
use toml::Spanned;

pub(super) fn check_page(page: PageFile) -> Result<PageSettings, Mistake> {
    let file = page.file.map(check_file).transpose()?;
    Ok(PageSettings {
        ports: ports(page.port.get_ref().0, page.status_port.get_ref().0),
        file,
        retry_after: page.retry_after,
    })
}

fn check_file(file: Spanned<PathBuf>) -> Result<PathBuf, Mistake> {
    match file.get_ref().is_absolute() {
        true => Ok(file.into_inner()),
        false => Err(Mistake::new(
            file.span(),
            "write the whole path of the page, from the first `/` on: the server of the page runs \
             in a folder of its own",
        )),
    }
}

/// The page's server answers the marker's check, too: it runs while the app is restarted.
pub(super) fn check_readonly(
    readonly: ReadonlyFile,
    page: Option<&PageSettings>,
) -> ReadonlySettings {
    let named = readonly.gate_to.map(|port| port.get_ref().0);
    ReadonlySettings {
        status_port: readonly.status_port.get_ref().0,
        gate_to: named.or(page.map(|page| page.ports.port)),
    }
}

/// A target with one of these names would be taken for the page or the marker.
pub(super) fn check_target_name(name: &Spanned<String>) -> Result<(), Mistake> {
    match name.get_ref().as_str() {
        reserved @ (PAGE | READONLY) => Err(Mistake::new(
            name.span(),
            format!(
                "web/{reserved} names something else in `agent status`: name the target blue, green or \
                 another word"
            ),
        )),
        _ => Ok(()),
    }
}

/// The status ports of an app's page and marker.
pub(super) fn status_ports(app: &AppFile) -> impl Iterator<Item = u16> {
    all_ports(app)
        .into_iter()
        .skip(1)
        .filter_map(|(_, port)| Some(port?.get_ref().0))
}

/// The ports with their keys. The first one is no status port.
pub(super) fn all_ports(app: &AppFile) -> [(&'static str, Option<&Spanned<Port>>); 3] {
    let page = app.page.as_ref().map(|page| &page.0);
    let readonly = app.readonly.as_ref().map(|readonly| &readonly.0);
    [
        ("page.port", page.map(|page| &page.port)),
        ("page.status_port", page.map(|page| &page.status_port)),
        ("readonly.status_port", readonly.map(|it| &it.status_port)),
    ]
}
