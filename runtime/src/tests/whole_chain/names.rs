//! Names of calls, errors and events, from the runtime's own types, so that a new pallet is known
//! here without a list.

use super::*;
use codec::Encode;
use scale_info::{form::MetaForm, TypeDef, TypeInfo, Variant};
use sp_runtime::{DispatchError, ModuleError};
use std::{collections::BTreeMap, sync::LazyLock};

/// `(pallet, variant)`, as the metadata spells them.
pub type Name = (&'static str, &'static str);

/// Names by the two indices with which an encoding starts.
pub struct Names(BTreeMap<(u8, u8), Name>);

pub static CALLS: LazyLock<Names> = LazyLock::new(Names::from_type::<RuntimeCall>);
pub static ERRORS: LazyLock<Names> = LazyLock::new(Names::from_type::<RuntimeError>);
pub static EVENTS: LazyLock<Names> = LazyLock::new(Names::from_type::<RuntimeEvent>);

fn variants(definition: &TypeDef<MetaForm>) -> Vec<Variant<MetaForm>> {
    match definition {
        TypeDef::Variant(variants) => variants.variants.clone(),
        _ => vec![],
    }
}

impl Names {
    fn from_type<T: TypeInfo + 'static>() -> Self {
        let mut names = BTreeMap::new();
        for pallet in variants(&T::type_info().type_def) {
            for field in &pallet.fields {
                for inner in variants(&field.ty.type_info().type_def) {
                    names.insert((pallet.index, inner.index), (pallet.name, inner.name));
                }
            }
        }
        Self(names)
    }

    /// The name of a call or an event.
    pub fn of_value(&self, value: &impl Encode) -> Name {
        let bytes = value.encode();
        self.0[&(bytes[0], bytes[1])]
    }

    /// All names of our own pallets, which have the indices from 20 on.
    pub fn own(&self) -> impl Iterator<Item = Name> + '_ {
        let own = |(index, _): &(u8, u8)| *index >= 20;
        self.0
            .iter()
            .filter(move |(indices, _)| own(indices))
            .map(|(_, name)| *name)
    }

    /// All names of these pallets.
    pub fn of<'a>(&'a self, pallets: &'a [&str]) -> impl Iterator<Item = Name> + 'a {
        self.0
            .values()
            .copied()
            .filter(|(pallet, _)| pallets.contains(pallet))
    }
}

/// The name of an error; errors that belong to no pallet by what they are.
pub fn error_name(error: &DispatchError) -> (&'static str, String) {
    match error {
        DispatchError::Module(ModuleError { index, error, .. }) => {
            let (pallet, name) = ERRORS.0[&(*index, error[0])];
            (pallet, name.into())
        }
        other => ("", format!("{other:?}")),
    }
}
