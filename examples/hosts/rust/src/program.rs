//! A compiled fewbit program on wasmi. The exports that it calls, and their order, are documented in
//! wasm/fewbit.h.
use std::error::Error;
use wasmi::{Engine, Instance, Linker, Memory, Module, Store, Val};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PAGE: usize = 65536;
pub const F32: u32 = 4;
const KINDS: [&str; 3] = ["symbol", "tensor", "entry"];
const SYMBOL: u32 = 0;
const TENSOR: u32 = 1;
const ENTRY: u32 = 2;

/// A program in the memory of a wasm instance, with one instance of it.
pub struct Program {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    model: u32,
    context: u32,
    /// Where names are written that are looked up: behind everything else.
    names: u32,
}

impl Program {
    /// Loads a model; `symbols` are the sizes that it has memory for, where not the defaults.
    pub fn load(wasm: &[u8], file: &[u8], symbols: &[(&str, u32)]) -> Result<Self> {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, wasm)?;
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
        let memory = instance.get_memory(&store, "memory").ok_or("the module has no memory")?;
        let mut p = Program { store, instance, memory, model: 0, context: 0, names: 0 };

        let head = u32::from_le_bytes(part(file, 8, 4)?.try_into()?);
        p.model = p.call("heap_base", &[])?;
        p.names = p.model + p.call("model_size", &[head])?;
        p.reserve(p.names as usize + PAGE)?;
        p.write(p.model + 256, part(file, 0, head as usize)?)?;
        p.check("model_load", &[p.model, head])?;
        for (name, value) in symbols {
            let symbol = p.find(SYMBOL, name)?;
            p.check("model_symbol", &[p.model, symbol, *value])?;
        }
        let limits = [p.model as i32, 0xFFFF_0000_u32 as i32].map(Val::from);
        let limits = [&limits[..], &[Val::from(2f64.powi(45))]].concat();
        p.invoke("model_plan", &limits).and_then(verdict)?;
        p.context = p.call("model_end", &[p.model])?;
        p.names = p.context + p.call("instance_size", &[p.model])?;
        p.reserve(p.names as usize + PAGE)?;

        let mut at = head as usize;
        for segment in 0..3 {
            let size = p.call("segment_bytes", &[p.model, segment])? as usize;
            let to = p.call("segment_address", &[p.model, segment])?;
            p.write(to, part(file, at, size)?)?;
            at += size;
        }
        // Ternary weights go through a buffer, from which the module decodes them.
        let [to, most] = [p.call("trits_address", &[p.model])?, p.call("trits_capacity", &[p.model])?];
        let mut missing = p.call("trits_bytes", &[p.model])?;
        while missing > 0 {
            let size = missing.min(most);
            p.write(to, part(file, at, size as usize)?)?;
            p.check("trits_push", &[p.model, size])?;
            at += size as usize;
            missing -= size;
        }
        p.check("model_ready", &[p.model])?;
        p.check("instance_init", &[p.model, p.context])?;
        Ok(p)
    }

    /// Runs the entry `main`; `symbols` are the sizes of this run, which later runs keep. Gives the
    /// float32 numbers of an output.
    pub fn run(
        &mut self,
        symbols: &[(&str, u32)],
        inputs: &[(&str, &[u8])],
        output: &str,
    ) -> Result<Vec<f32>> {
        let entry = self.find(ENTRY, "main")?;
        for (name, value) in symbols {
            let symbol = self.find(SYMBOL, name)?;
            self.check("symbol_set", &[self.context, symbol, *value])?;
        }
        for (name, data) in inputs {
            let tensor = self.find(TENSOR, name)?;
            let expected = self.call("tensor_bytes", &[self.context, tensor])? as usize;
            if data.len() != expected {
                return Err(format!("{name}: {} bytes, {expected} expected", data.len()).into());
            }
            let to = self.call("tensor_address", &[self.context, tensor])?;
            self.write(to, data)?;
        }
        self.check("begin", &[self.context, entry])?;
        self.check("run", &[self.context, entry, 0, 0x7FFF_FFFF])?;
        let tensor = self.find(TENSOR, output)?;
        if self.call("tensor_dtype", &[self.model, tensor])? != F32 {
            return Err(format!("{output} is no float32 tensor").into());
        }
        let at = self.call("tensor_address", &[self.context, tensor])? as usize;
        let size = self.call("tensor_bytes", &[self.context, tensor])? as usize;
        let bytes = part(self.memory.data(&self.store), at, size)?;
        Ok(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    fn find(&mut self, kind: u32, name: &str) -> Result<u32> {
        self.write(self.names, name.as_bytes())?;
        let index = self.call("find", &[self.model, kind, self.names, name.len() as u32])?;
        match index as i32 {
            0.. => Ok(index),
            _ => Err(format!("the program has no {} {name}", KINDS[kind as usize]).into()),
        }
    }

    fn call(&mut self, name: &str, arguments: &[u32]) -> Result<u32> {
        self.invoke(name, &arguments.iter().map(|&value| Val::from(value as i32)).collect::<Vec<_>>())
    }

    fn check(&mut self, name: &str, arguments: &[u32]) -> Result<u32> {
        self.call(name, arguments).and_then(verdict)
    }

    fn invoke(&mut self, name: &str, arguments: &[Val]) -> Result<u32> {
        let function = self.instance.get_func(&self.store, name).ok_or("no such export")?;
        let mut results = [Val::from(0)];
        function.call(&mut self.store, arguments, &mut results)?;
        Ok(results[0].i32().ok_or("not an integer")? as u32)
    }

    fn reserve(&mut self, end: usize) -> Result<()> {
        let missing = end.saturating_sub(self.memory.data_size(&self.store));
        self.memory.grow(&mut self.store, missing.div_ceil(PAGE) as u64)?;
        Ok(())
    }

    fn write(&mut self, address: u32, data: &[u8]) -> Result<()> {
        Ok(self.memory.write(&mut self.store, address as usize, data)?)
    }
}

/// A part of bytes, where they are that long.
fn part(bytes: &[u8], at: usize, size: usize) -> Result<&[u8]> {
    Ok(bytes.get(at..at + size).ok_or_else(|| format!("{} bytes are too few", bytes.len()))?)
}

fn verdict(status: u32) -> Result<u32> {
    match status as i32 {
        0.. => Ok(status),
        negative => Err(format!("verdict {}, see wasm/fewbit.h", -negative).into()),
    }
}
