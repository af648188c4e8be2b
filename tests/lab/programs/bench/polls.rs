//! The cost of a look for HAProxy, in its CPU time: the agent's question for its lines, the whole
//! table, and the table in which the agent finds its lines.

use std::time::Duration;

use haproxy_gate::haproxy::{Address, AppPorts, Balancer, Socket};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use crate::crowd::{beside_others, cpu_time};
use crate::spread::Spread;
use lab::haproxy::Haproxy;
use lab::namespace;
use lab::reference::Reference;
use lab::site::{BALANCER, Site};

/// The number of configured server lines, and how many of them a backend has. The last one is the
/// worst: HAProxy walks the list of a backend's servers, and ours are at its end.
const SHAPES: [(usize, usize); 4] = [(10, 10), (1_000, 10), (10_000, 10), (10_000, 10_000)];

/// The number of rounds through all shapes.
const ROUNDS: usize = 10;

/// The aim: at most this many times the cost with the fewest servers.
const AIM: f64 = 1.1;

/// The questions to the balancer, and how often each comes in a round of each shape.
const QUESTIONS: [(Question, [usize; SHAPES.len()]); 3] = [
    (Question::Poll, [300; SHAPES.len()]),
    (Question::Stat, [100, 20, 5, 5]),
    (Question::State, [100, 20, 5, 5]),
];

#[derive(Debug, Serialize)]
pub struct Polls {
    pub shapes: Vec<Shape>,
    /// The cost of the agent's question with 10,000 servers, divided by that with 10, in backends
    /// of the same size.
    pub ratio: f64,
    pub aim: f64,
    pub met: bool,
}

/// Milliseconds of HAProxy's CPU time for one question.
#[derive(Debug, Serialize)]
pub struct Shape {
    pub servers: usize,
    pub servers_a_backend: usize,
    /// The agent's: `show info;show stat IID 4 SID;show stat IID 4 SID`.
    pub poll_ms: Spread,
    pub polls: usize,
    /// `show stat`
    pub show_stat_ms: Spread,
    /// `show servers state`
    pub servers_state_ms: Spread,
}

#[derive(Debug, Clone, Copy)]
enum Question {
    Poll,
    Stat,
    State,
}

/// One HAProxy, and the agent's connection to it.
struct Asked {
    haproxy: Haproxy,
    balancer: Balancer,
    socket: Socket,
    /// Milliseconds for one question, in each round.
    costs: [Vec<f64>; QUESTIONS.len()],
}

pub fn measure(quick: bool) -> Polls {
    let rounds = if quick { 1 } else { ROUNDS };
    let site = Site::create("bench", 0);
    let all = 0..SHAPES.len();
    let mut all: Vec<Asked> = all.map(|nth| Asked::start(&site, nth)).collect();
    let ask = || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        all.iter_mut().for_each(|asked| asked.find(&runtime));
        for round in 1..=rounds {
            eprintln!("polls, round {round} of {rounds}");
            for (question, times) in QUESTIONS {
                for (asked, times) in all.iter_mut().zip(times) {
                    asked.ask(&runtime, question, times);
                }
            }
        }
    };
    namespace::inside(&site.balancer.path(), ask).expect("a namespace");
    let shapes = all.iter().enumerate().map(|(nth, asked)| asked.shape(nth));
    let shapes: Vec<Shape> = shapes.collect();
    let ratio = shapes[2].poll_ms.median / shapes[0].poll_ms.median;
    Polls {
        shapes,
        ratio,
        aim: AIM,
        met: ratio <= AIM,
    }
}

impl Asked {
    fn start(site: &Site, nth: usize) -> Asked {
        let dir = site.dir.join(format!("balancer{nth}"));
        let (bind, stats) = (80 + nth, 9999 - nth);
        let reference = Reference::two_stage(&dir)
            .with("bind :80", &format!("bind :{bind}"))
            .with(":9999", &format!(":{stats}"))
            // Checks would add CPU time to the answers.
            .with("default-server check ", "default-server ");
        let haproxy = Haproxy::start(&site.balancer, &dir, &beside_others(reference, SHAPES[nth]));
        let socket = Socket {
            address: Address::Tcp(format!("{BALANCER}:{stats}")),
            timeout: Duration::from_secs(10),
        };
        let ports = AppPorts {
            port: 1000,
            status_port: 2000,
            backup_status_port: Some(3000),
            health_port: None,
        };
        let ours = vec!["10.77.0.11".parse().expect("an address")];
        Asked {
            haproxy,
            balancer: Balancer::new(socket.clone(), None, ports, ours),
            socket,
            costs: Default::default(),
        }
    }

    fn find(&mut self, runtime: &Runtime) {
        let found = runtime.block_on(self.balancer.find());
        let found = found.expect("an answer").expect("our lines");
        assert_eq!(found.own.len(), 2, "{:?}", found.own);
    }

    fn ask(&mut self, runtime: &Runtime, question: Question, times: usize) {
        let worker = self.haproxy.worker();
        let before = cpu_time(&worker);
        for _ in 0..times {
            runtime.block_on(self.once(question));
        }
        let took = cpu_time(&worker) - before;
        self.costs[question as usize].push(took.as_secs_f64() * 1000.0 / times as f64);
    }

    /// Exactly the agent's own question, or a whole table.
    async fn once(&mut self, question: Question) {
        let whole = match question {
            Question::Poll => {
                let lines = self.balancer.poll().await.expect("an answer");
                assert_eq!(lines.len(), 2, "{lines:?}");
                return;
            }
            Question::Stat => "show stat",
            Question::State => "show servers state",
        };
        let answer = self.socket.ask(&[whole.to_owned()]).await;
        assert!(answer.expect("an answer")[0].contains("bkp1"));
    }

    fn shape(&self, nth: usize) -> Shape {
        let cost = |question: Question| Spread::of(self.costs[question as usize].iter().copied());
        let rounds = self.costs[Question::Poll as usize].len();
        let (servers, servers_a_backend) = SHAPES[nth];
        Shape {
            servers,
            servers_a_backend,
            poll_ms: cost(Question::Poll),
            polls: rounds * QUESTIONS[Question::Poll as usize].1[nth],
            show_stat_ms: cost(Question::Stat),
            servers_state_ms: cost(Question::State),
        }
    }
}
