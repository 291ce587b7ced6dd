//! Generates the bindings from the built library: see `scripts/bindings`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
