//! Runs compiled fewbit models on wasmi, a wasm interpreter in Rust.
mod program;

use program::{Program, Result};

const HELP: &str = "Runs compiled fewbit models on wasmi.

  cargo run --release -- classify WASM MODEL PIXELS_FILE
  cargo run --release -- generate WASM MODEL COUNT ID...

classify prints the best class and the bits of the logits; PIXELS_FILE holds height x width x channels
bytes, as the model takes them, and pixels.py makes it of a PNG.
generate prints COUNT ids that follow those given, always the one of the largest logit.

  cargo run --release -- generate ../../../wasm/fewbit.simd.wasm \\
    ../../../models/hgrn-shakespeare.fewbit 8 678 28 201 791 223";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["classify", wasm, model, pixels] => {
            let mut program = Program::load(&read(wasm)?, &read(model)?, &[])?;
            let logits = program.run(&[], &[("pixels", &read(pixels)?)], "logits")?;
            println!("class {}", largest(&logits));
            let bits = logits.iter().flat_map(|logit| logit.to_le_bytes());
            println!("logits_f32 {}", bits.map(|byte| format!("{byte:02x}")).collect::<String>());
            Ok(())
        }
        ["generate", wasm, model, count, ref prompt @ ..] if !prompt.is_empty() => {
            let prompt = prompt.iter().map(|id| Ok(id.parse()?)).collect::<Result<Vec<i32>>>()?;
            let sizes = [("max_tokens", prompt.len() as u32)];
            let mut program = Program::load(&read(wasm)?, &read(model)?, &sizes)?;
            let ids = generate(&mut program, prompt, count.parse()?)?;
            println!("{}", ids.iter().map(i32::to_string).collect::<Vec<_>>().join(" "));
            Ok(())
        }
        _ => {
            println!("{HELP}");
            std::process::exit(if words.contains(&"--help") { 0 } else { 2 })
        }
    }
}

/// The `count` ids that follow a prompt.
fn generate(program: &mut Program, prompt: Vec<i32>, count: usize) -> Result<Vec<i32>> {
    let (mut unread, mut written, mut past) = (prompt, Vec::new(), 0);
    while written.len() < count {
        let tokens = unread.len() as i32;
        let inputs: [(&str, &[u8]); 5] = [
            ("ids", &integers(&unread)),
            ("offsets", &integers(&[0, tokens])), // one sequence, from 0 to its length
            ("slot", &integers(&[0])),            // of the one session
            ("past", &integers(&[past])),
            ("rows", &integers(&[tokens - 1])), // logits after the last id only
        ];
        let sizes = [("tokens", tokens as u32), ("sequences", 1), ("rows", 1)];
        let id = largest(&program.run(&sizes, &inputs, "logits")?) as i32;
        past += tokens;
        unread = vec![id];
        written.push(id);
    }
    Ok(written)
}

/// The bytes of an int32 tensor.
fn integers(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The place of the largest; of equal ones, the first.
fn largest(values: &[f32]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

fn read(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{path}: {error}").into())
}
