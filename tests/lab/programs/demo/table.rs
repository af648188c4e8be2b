//! The closing table, at most 80 columns wide.

use lab::load::record::Summary;

pub struct Row {
    how: &'static str,
    pub met: Summary,
    seconds_per_host: Option<f64>,
}

impl Row {
    pub fn new(how: &'static str, met: Summary, seconds_per_host: Option<f64>) -> Row {
        Row {
            how,
            met,
            seconds_per_host,
        }
    }
}

pub fn print(rows: &[Row]) {
    println!("\nWhat the users met\n");
    println!(
        "{:<16}{:>12}{:>10}{:>14}{:>18}",
        "", "requests", "failed", "slowest", "seconds a host"
    );
    for row in rows {
        let slowest = format!("{:.2} s", row.met.slowest_ms / 1000.0);
        let seconds = row.seconds_per_host;
        let seconds = seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}"));
        println!(
            "{:<16}{:>12}{:>10}{slowest:>14}{seconds:>18}",
            row.how, row.met.requests, row.met.failed
        );
    }
    println!("\nEvery slow POST takes 0.3 s by itself.");
}
