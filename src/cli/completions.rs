//! The completion scripts: clap's words, and behind them the names of apps and targets. The scripts
//! ask `agent completions --apps` and `--targets` for these, because each host has its own.

use super::arguments::command;
use clap::{Arg, Command};
use clap_complete::Shell;

/// The completion script for this shell, for both names of the program.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "agent", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let script = match shell {
        Shell::Bash => script + &bash(),
        Shell::Zsh => zsh(&script),
        Shell::Fish => script + &fish(),
        _ => script,
    };
    script.into_bytes()
}

/// The verbs that take an app.
fn verbs() -> Vec<String> {
    let is_app = |argument: &Arg| {
        argument.is_positional() && ["app", "which"].contains(&argument.get_id().as_str())
    };
    let command = command();
    let verbs = command.get_subcommands();
    let verbs = verbs.filter(|verb| all_arguments(verb).into_iter().any(is_app));
    verbs.map(|verb| verb.get_name().to_owned()).collect()
}

/// Its arguments, and those of the verbs below it.
fn all_arguments(command: &Command) -> Vec<&Arg> {
    let below = command.get_subcommands().flat_map(all_arguments);
    command.get_arguments().chain(below).collect()
}

/// The verbs with verbs of their own: the word after them is clap's.
fn with_verbs() -> Vec<String> {
    let command = command();
    let verbs = command.get_subcommands();
    let verbs = verbs.filter(|verb| verb.has_subcommands());
    verbs.map(|verb| verb.get_name().to_owned()).collect()
}

/// The verbs that take a target in the place of the app: APP/TARGET.
const OF_TARGETS: &str = "probe";

/// The option whose value is the name of a target.
const TO: &str = "--to";

/// The options whose value is the next word.
fn with_values() -> Vec<String> {
    let command = command();
    let all = all_arguments(&command).into_iter();
    let valued = all.filter(|argument| argument.get_action().takes_values());
    let mut names: Vec<String> = valued
        .filter(|argument| !argument.is_require_equals_set())
        .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn bash() -> String {
    let (verbs, options) = (verbs().join("|"), with_values().join("|"));
    let (of_targets, to, nested) = (OF_TARGETS, TO, with_verbs().join("|"));
    format!(
        r#"
_agent_with_apps() {{
    _agent "$@"
    local word verb= is_config= config=() names=
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        if [ -n "$is_config" ]; then
            # --config=FILE is three words for bash.
            [ "$word" = = ] || {{ config=(--config "$word"); is_config=; }}
            continue
        fi
        case $word in
            --config) is_config=yes ;;
            {verbs}) [ -n "$verb" ] || verb=$word ;;
        esac
    done
    [ -n "$verb" ] || return 0
    case $2 in -*) return 0 ;; esac
    case $3 in
        {to}) names=$(_agent_names "$1" --targets "${{config[@]}}" | sed 's|.*/||' | sort -u) ;;
        {options}|{nested}) return 0 ;;
        *)  names=$(_agent_names "$1" --apps "${{config[@]}}")
            case $verb in {of_targets})
                names+=" $(_agent_names "$1" --targets "${{config[@]}}")" ;;
            esac ;;
    esac
    # Without clap's placeholder [APP].
    COMPREPLY=($(compgen -W "$names" -- "$2"))
}}
_agent_names() {{ "$1" completions "${{@:2}}" 2>/dev/null; }}
complete -F _agent_with_apps -o bashdefault -o default agent haproxy-gate
"#
    )
}

fn zsh(script: &str) -> String {
    let script = script.replacen("#compdef agent", "#compdef agent haproxy-gate", 1);
    let script = script.replace("compdef _agent agent", "compdef _agent agent haproxy-gate");
    let with_names = |line: &str| {
        let named = match line {
            line if line.contains("'::which -- ") && line.contains("APP/TARGET") => "_agent_probed",
            line if line.contains("'::app -- ") || line.contains("'::which -- ") => "_agent_apps",
            line if line.contains(&format!("){TO}=")) => "_agent_targets",
            line if line.contains(&format!("'{TO}=")) => "_agent_targets",
            _ => return line.to_owned(),
        };
        line.replace(":_default'", &format!(":{named}'"))
    };
    let script: Vec<String> = script.lines().map(with_names).collect();
    let script = script.join("\n") + "\n";
    script.replacen("\n_agent() {", &format!("\n{ZSH}\n_agent() {{"), 1)
}

/// It takes the words of the whole line: clap's script leaves out those before the verb.
const ZSH: &str = r#"(( $+functions[_agent_names] )) ||
_agent_names() {
    local -a names all config
    all=(${(z)LBUFFER})
    config=(${(M)all:#--config=*})
    (( ${all[(I)--config]} )) && config=(--config ${all[${all[(I)--config]}+1]})
    names=(${(f)"$(agent completions $1 $config 2>/dev/null)"})
    [[ -z $2 ]] || names=(${names##*/})
    compadd -a names
}
_agent_apps() { _agent_names --apps }
_agent_probed() { _agent_names --apps; _agent_names --targets }
_agent_targets() { _agent_names --targets alone }
"#;

fn fish() -> String {
    let (verbs, of_targets, to) = (verbs().join(" "), OF_TARGETS, TO.trim_start_matches('-'));
    format!(
        r#"function __fish_agent_names
    set -l words (commandline -opc)
    set -l config (string match -- '--config=*' $words)
    set -l at (contains -i -- --config $words)
    and test $at -lt (count $words)
    and set config --config $words[(math $at + 1)]
    agent completions $argv $config 2>/dev/null
end
complete -c agent -n "__fish_agent_using_subcommand {verbs}" -f -a "(__fish_agent_names --apps)"
complete -c agent -n "__fish_agent_using_subcommand {of_targets}" -f -a "(__fish_agent_names --targets)"
complete -c agent -l {to} -r -f -n "__fish_agent_using_subcommand open switch" -a "(__fish_agent_names --targets | string replace -r '.*/' '')"
complete -c haproxy-gate -w agent
"#
    )
}
