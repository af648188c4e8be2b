//! The completion scripts: clap's words, and behind them the names of apps and targets. The scripts
//! ask `agent completions --apps` and `--targets` for these, because each host has its own.

use super::arguments::command;
use clap::Arg;
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
    let verbs = verbs.filter(|verb| verb.get_arguments().any(is_app));
    verbs.map(|verb| verb.get_name().to_owned()).collect()
}

/// The verbs that take a target in the place of the app: APP/TARGET.
const OF_TARGETS: &str = "probe";

/// The option whose value is the name of a target.
const TO: &str = "--to";

/// The options whose value is the next word.
fn with_values() -> Vec<String> {
    let command = command();
    let verbs = command.get_subcommands().chain([&command]);
    let all = verbs.flat_map(|verb| verb.get_arguments());
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
    let (of_targets, to) = (OF_TARGETS, TO);
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
        {options}) return 0 ;;
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
    let with_apps = |line: &str| match line.contains("'::app -- ") || line.contains("'::which -- ")
    {
        true => line.replace(":_default'", ":_agent_apps'"),
        false => line.to_owned(),
    };
    let script: Vec<String> = script.lines().map(with_apps).collect();
    // The words of the whole line: clap's script leaves out those before the verb.
    let apps = "(( $+functions[_agent_apps] )) ||\n_agent_apps() {\n    \
        local -a apps all config\n    \
        all=(${(z)LBUFFER})\n    \
        config=(${(M)all:#--config=*})\n    \
        (( ${all[(I)--config]} )) && config=(--config ${all[${all[(I)--config]}+1]})\n    \
        apps=(${(f)\"$(agent completions --apps $config 2>/dev/null)\"})\n    \
        compadd -a apps\n}\n";
    let script = script.join("\n") + "\n";
    script.replacen("\n_agent() {", &format!("\n{apps}\n_agent() {{"), 1)
}

fn fish() -> String {
    let verbs = verbs().join(" ");
    format!(
        r#"function __fish_agent_config
    set -l words (commandline -opc)
    set -l at (contains -i -- --config $words)
    and test $at -lt (count $words)
    and printf '%s\n' --config $words[(math $at + 1)]
    string match -- '--config=*' $words
end
complete -c agent -n "__fish_agent_using_subcommand {verbs}" -f -a "(agent completions --apps (__fish_agent_config) 2>/dev/null)"
complete -c haproxy-gate -w agent
"#
    )
}
