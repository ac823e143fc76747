//! A plugin that is loaded: compiled or found compiled, linked to what it may reach, tried out, its configuration checked.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};

use super::cache::Cache;
use super::compiler::{CompileError, Compiler};
use super::contract::{self, bindings, exporting, recovering};
use super::guest::{self, Asked, Guest};
use super::module::Module;
use super::resident::{Description, Resident};
use super::watchdog::Watchdog;
use super::{engine, words};
use crate::model::{Hook, NoAnswer, Outlet, Plugin, PluginLimits, ProviderQuestion, StepOpinion, StepQuestion, plugin};

/// A plugin that can be asked.
pub struct Loaded {
    pre: InstancePre<Guest>,
    dog: Watchdog,
    limits: PluginLimits,
    /// SHA-256 of its bytes.
    pub digest: String,
    /// The interfaces that it has.
    pub exports: Vec<String>,
    /// The interfaces that it needs.
    pub imports: Vec<String>,
    /// The JSON Schema of its configuration, if it has one.
    pub schema: Option<String>,
    /// What it says of itself, if it is an exporter.
    pub description: Option<Description>,
}

/// Why a module cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Something else altogether.
    #[error("it is no WebAssembly")]
    NotWasm,
    /// Made for another kind of host.
    #[error(
        "it is a core module, not a component: `wasm-tools component new` makes one of it, or link with wasm-component-ld"
    )]
    CoreModule,
    /// It does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// There is no engine.
    #[error("the engine does not start: {0}")]
    Engine(String),
    /// It needs what plugins do not get.
    #[error("it needs what plugins do not get: {0}")]
    Imports(String),
    /// It is not what it is to be, or not of a version that we know.
    #[error("it does not export {wanted} as this version has it: {why}; it exports {exports}")]
    Other {
        /// The interface that its hook needs.
        wanted: &'static str,
        /// Which function or type differs.
        why: String,
        /// What it has.
        exports: String,
    },
    /// An instance cannot be made.
    #[error("it does not start: {0}")]
    DoesNotStart(NoAnswer),
    /// Its schema is none.
    #[error("the schema of its configuration is no JSON Schema: {0}")]
    BadSchema(String),
    /// An exporter that does not want to be one.
    #[error("it does not say what it is: {0}")]
    NotDescribed(NoAnswer),
    /// Its configuration does not follow its schema.
    #[error("its `config`: {0}")]
    BadConfig(String),
}

impl Loaded {
    /// Loads a module as the file asks for it.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn new(module: &Module, wanted: &Plugin, compiler: &Compiler, cache: &Cache) -> Result<Self, LoadError> {
        recognise(&module.bytes)?;
        let engine = engine::new(wanted.engine).map_err(|error| LoadError::Engine(words(&error)))?;
        let key = engine::key(&engine);
        let kept = cache.find(&module.digest, &key).and_then(|code| code.load(&engine).ok());
        let component = match kept {
            Some(component) => component,
            None => {
                let code = compiler.compile(&module.bytes, wanted.engine)?;
                if let Err(error) = cache.keep(&module.digest, &key, &code) {
                    tracing::warn!(plugin = %wanted.name, %error, "the compiled plugin cannot be kept");
                }
                code.load(&engine).map_err(|error| LoadError::Engine(words(&error)))?
            }
        };
        let (imports, exports) = interfaces(&component);
        let roles = Roles::of(&wanted.hooks, &exports);
        let linker = guest::linker(&engine, roles.exports).map_err(|error| LoadError::Engine(words(&error)))?;
        let pre = linker.instantiate_pre(&component).map_err(|error| LoadError::Imports(words(&error)))?;
        roles.check(&pre, &exports)?;
        let dog = Watchdog::new(&engine).map_err(|error| LoadError::Engine(error.to_string()))?;
        let schema = guest::try_out(&pre, &dog, &wanted.limits, roles.advises, roles.recovers)
            .map_err(LoadError::DoesNotStart)?;
        let (limits, digest) = (wanted.limits, module.digest.clone());
        let mut loaded = Self { pre, dog, limits, digest, exports, imports, schema, description: None };
        loaded.check(&wanted.config)?;
        if roles.exports {
            let resident = loaded.move_in(wanted.outlets.clone(), &wanted.config).map_err(LoadError::NotDescribed)?;
            loaded.description = Some(resident.description().clone());
        }
        Ok(loaded)
    }

    /// Checks a configuration, a JSON object, by the plugin's schema, if it has one.
    ///
    /// # Errors
    /// It does not follow the schema.
    pub fn check(&self, config: &str) -> Result<(), LoadError> {
        self.schema.as_deref().map_or(Ok(()), |schema| check(schema, config))
    }

    /// Makes an instance of an exporter, which stays.
    ///
    /// # Errors
    /// It does not start, or does not say what it is.
    pub fn move_in(&self, outlets: Vec<Outlet>, config: &str) -> Result<Resident, NoAnswer> {
        Resident::move_in(&self.pre, &self.dog, &self.limits, outlets, config)
    }

    pub(super) fn dog(&self) -> &Watchdog {
        &self.dog
    }

    /// Whether it has an opinion about recovery steps, and none about service providers: which question is meant for it
    /// where no file says so.
    #[must_use]
    pub fn is_about_steps(&self) -> bool {
        has(&self.exports, contract::RECOVERY) && !has(&self.exports, contract::POLICY)
    }

    /// Asks it which recovery step to take.
    #[must_use]
    pub fn ask_step(&self, question: &StepQuestion) -> Asked<StepOpinion> {
        guest::next_step(&self.pre, &self.dog, &self.limits, question)
    }

    /// Asks it which service provider to use.
    #[must_use]
    pub fn ask(&self, question: &ProviderQuestion) -> Asked {
        guest::select_provider(&self.pre, &self.dog, &self.limits, question)
    }
}

/// What a component is to be.
#[derive(Clone, Copy)]
struct Roles {
    advises: bool,
    recovers: bool,
    exports: bool,
}

impl Roles {
    /// As its entry says. Without an entry, as it exports; a policy of service providers if that is none of all.
    fn of(hooks: &[Hook], exports: &[String]) -> Self {
        if !hooks.is_empty() {
            let is_asked = |hook| hooks.contains(&hook);
            let (advises, recovers) = (is_asked(Hook::SelectProvider), is_asked(Hook::Recovery));
            return Self { advises, recovers, exports: is_asked(Hook::Export) };
        }
        let (recovers, exporter) = (has(exports, contract::RECOVERY), has(exports, contract::EXPORTER));
        Self { advises: has(exports, contract::POLICY) || !recovers && !exporter, recovers, exports: exporter }
    }

    fn check(self, pre: &InstancePre<Guest>, exports: &[String]) -> Result<(), LoadError> {
        let other =
            |wanted, error: wasmtime::Error| LoadError::Other { wanted, why: words(&error), exports: listed(exports) };
        if self.advises {
            bindings::PolicyPre::new(pre.clone()).map_err(|error| other(contract::POLICY, error))?;
        }
        if self.recovers {
            recovering::RecoveryPluginPre::new(pre.clone()).map_err(|error| other(contract::RECOVERY, error))?;
        }
        if self.exports {
            exporting::PublishingExporterPluginPre::new(pre.clone())
                .map_err(|error| other(contract::EXPORTER, error))?;
        }
        Ok(())
    }
}

/// Whether an interface is among these, whatever its version.
fn has(exports: &[String], interface: &str) -> bool {
    let name = |interface: &str| interface.split('@').next().unwrap_or_default().to_owned();
    exports.iter().any(|export| name(export) == name(interface))
}

/// A component begins with `\0asm`, its version 13 and its layer 1; a core module has version 1 and layer 0.
fn recognise(bytes: &[u8]) -> Result<(), LoadError> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => Err(LoadError::CoreModule),
        _ => Err(LoadError::NotWasm),
    }
}

fn interfaces(component: &Component) -> (Vec<String>, Vec<String>) {
    let engine = component.engine();
    let shown = |(name, item): (&str, ComponentItem)| {
        let is_interface = matches!(item, ComponentItem::ComponentInstance(_) | ComponentItem::ComponentFunc(_));
        is_interface.then(|| plugin::plain(name, 100))
    };
    let kind = component.component_type();
    let imports = kind.imports(engine).map(|(name, item)| (name, item.ty)).filter_map(shown).collect();
    let exports = kind.exports(engine).map(|(name, item)| (name, item.ty)).filter_map(shown).collect();
    (imports, exports)
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => names.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn check(schema: &str, config: &str) -> Result<(), LoadError> {
    let bad_schema = |why: &dyn std::fmt::Display| LoadError::BadSchema(plugin::plain(&why.to_string(), 200));
    let schema: serde_json::Value = serde_json::from_str(schema).map_err(|error| bad_schema(&error))?;
    let validator = jsonschema::validator_for(&schema).map_err(|error| bad_schema(&error))?;
    let config: serde_json::Value = serde_json::from_str(config).map_err(|error| bad_schema(&error))?;
    let words = |error: jsonschema::ValidationError<'_>| match error.instance_path().as_str() {
        "" => error.to_string(),
        path => format!("{}: {error}", path.trim_start_matches('/')),
    };
    let wrong: Vec<String> = validator.iter_errors(&config).take(5).map(words).collect();
    if wrong.is_empty() { Ok(()) } else { Err(LoadError::BadConfig(plugin::plain(&wrong.join("; "), 400))) }
}
