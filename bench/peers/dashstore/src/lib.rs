// SPDX-License-Identifier: MIT
//! A tool-result store of the usual design in Rust: a sharded map from a 64-bit hash of
//! tool and arguments to the text and when it was stored; a clone for each hit; at
//! capacity a scan for the oldest entry. The interpreter lock is held throughout.

use std::hash::{BuildHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use pyo3::prelude::*;

#[pyclass]
struct Store {
    entries: DashMap<u64, (String, Instant), ahash::RandomState>,
    hashing: ahash::RandomState,
    capacity: usize,
    ttl: Duration,
}

impl Store {
    fn key(&self, tool: &str, args: &str) -> u64 {
        let mut hasher = self.hashing.build_hasher();
        tool.hash(&mut hasher);
        args.hash(&mut hasher);
        hasher.finish()
    }

    fn drop_oldest(&self) {
        let oldest = self
            .entries
            .iter()
            .min_by_key(|entry| entry.value().1)
            .map(|entry| *entry.key());
        if let Some(key) = oldest {
            self.entries.remove(&key);
        }
    }
}

#[pymethods]
impl Store {
    #[new]
    fn new(capacity: usize, ttl_seconds: f64) -> Self {
        Store {
            entries: DashMap::with_hasher(ahash::RandomState::new()),
            hashing: ahash::RandomState::new(),
            capacity,
            ttl: Duration::from_secs_f64(ttl_seconds),
        }
    }

    fn get(&self, tool: &str, args: &str) -> Option<String> {
        let key = self.key(tool, args);
        let entry = self.entries.get(&key)?;
        if entry.value().1.elapsed() > self.ttl {
            drop(entry);
            self.entries.remove(&key);
            return None;
        }
        Some(entry.value().0.clone())
    }

    fn set(&self, tool: &str, args: &str, value: String) {
        let key = self.key(tool, args);
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            self.drop_oldest();
        }
        self.entries.insert(key, (value, Instant::now()));
    }

    fn __len__(&self) -> usize {
        self.entries.len()
    }
}

#[pymodule]
fn dashstore(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Store>()
}
