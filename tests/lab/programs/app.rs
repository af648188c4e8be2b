//! `lab-app`: see `lab::app_program`.

fn main() -> std::io::Result<()> {
    lab::app_program::main()
}
