//! The codes of the ledger as an enum of the schema: exactly those of [`Rejection`].

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field;
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};
use counterfoil_engine::rejection::Rejection;

/// The code of a rejection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RejectionCode(pub(crate) Rejection);

impl OutputType for RejectionCode {
    fn type_name() -> Cow<'static, str> {
        "RejectionCode".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| {
            let values = Rejection::all().map(|rejection| {
                let name = rejection.code().to_owned();
                let value = MetaEnumValue {
                    name: name.clone(),
                    description: Some(rejection.sentence().to_owned()),
                    deprecation: Deprecation::NoDeprecated,
                    visible: None,
                    inaccessible: false,
                    tags: Vec::new(),
                    directive_invocations: Vec::new(),
                };
                (name, value)
            });
            MetaType::Enum {
                name: "RejectionCode".to_owned(),
                description: Some("The rule of the ledger that a command broke.".to_owned()),
                enum_values: IndexMap::from_iter(values),
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                rust_typename: Some(std::any::type_name::<Self>()),
                directive_invocations: Vec::new(),
                requires_scopes: Vec::new(),
            }
        })
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Enum(Name::new(self.0.code())))
    }
}
