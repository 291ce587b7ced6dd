//! What the command says of itself, and of each kind of wrong use, word by word: `tests/cmd`. After a wanted change:
//! `TRYCMD=overwrite cargo test -p tigress-cli --test it cmd::`.

use trycmd::TestCases;

#[test]
fn help_and_wrong_use_are_told_as_written_down() {
    let home = tempfile::tempdir().unwrap();
    TestCases::new()
        .register_bin(
            "tigress",
            std::path::Path::new(env!("CARGO_BIN_EXE_tigress")),
        )
        .env("HOME", home.path().to_str().unwrap())
        .env("XDG_STATE_HOME", "")
        .env("RUST_LOG", "off")
        .case("tests/cmd/*.trycmd")
        .run();
}
