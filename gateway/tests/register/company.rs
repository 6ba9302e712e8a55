//! Ginsberg Lathes, Inc.: its package, its ledger, and what happens to it there.

use std::cell::Cell;
use std::path::Path;
use std::process::Output;

use counterfoil_engine::hash::{Hash, to_hex};
use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command as Ask};
use counterfoil_gateway::client::{Signer, sign};
use counterfoil_registry::ocf::object::{Kind, Object};
use serde_json::{Value, json};

use crate::support::{Server, admit, counterfoil, json, set_up, soon, text};

/// The company, and the server whose ledger it is in.
pub(crate) struct Company {
    pub(crate) server: Server,
    pub(crate) ledger: Hash,
    pub(crate) operator: Signer,
    pub(crate) registrar: Signer,
    pub(crate) issuer: String,
    folder: tempfile::TempDir,
    height: Cell<u64>,
}

/// Writes the package: a plan, a grant that vests in quarters, two holders, and a field that the
/// format does not have.
pub(crate) fn write_package(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let write = |name: &str, key: &str, contents: Value| {
        let file = folder.join(format!("{name}.ocf.json"));
        std::fs::write(file, contents.to_string()).unwrap();
        (key.to_owned(), json!([{ "filepath": format!("{name}.ocf.json"), "md5": "0".repeat(32) }]))
    };
    let items = |kind: &str, items: Value| json!({ "file_type": kind, "items": items });
    let holder = |id: &str, name: &str| {
        json!({ "object_type": "STAKEHOLDER", "id": id, "name": { "legal_name": name },
                "stakeholder_type": "INDIVIDUAL", "favourite_colour": "green" })
    };
    let share = |id: &str, holder: &str, quantity: &str| {
        json!({ "object_type": "TX_STOCK_ISSUANCE", "id": format!("issue {id}"),
                "date": "2022-01-03", "security_id": id, "custom_id": format!("CS-{id}"),
                "stakeholder_id": holder, "stock_class_id": "common", "quantity": quantity,
                "share_price": { "amount": "1.25", "currency": "USD" },
                "security_law_exemptions": [], "stock_legend_ids": [] })
    };
    let vestings: Vec<Value> = ["2023-01-01", "2024-01-01", "2025-01-01", "2026-01-01"]
        .map(|date| json!({ "date": date, "amount": "100" }))
        .to_vec();
    let mut grant = grant_fields("g1", "bo", "plan", "2022-02-01", "400");
    grant["vestings"] = vestings.into();
    grant["object_type"] = "TX_EQUITY_COMPENSATION_ISSUANCE".into();
    grant["id"] = "grant g1".into();
    let lists = [
        write(
            "StockClasses",
            "stock_classes_files",
            items(
                "OCF_STOCK_CLASSES_FILE",
                json!([{ "object_type": "STOCK_CLASS", "id": "common", "name": "Common Stock",
                         "class_type": "COMMON", "default_id_prefix": "CS-",
                         "initial_shares_authorized": "20000", "votes_per_share": "1",
                         "seniority": "1" }]),
            ),
        ),
        write(
            "StockPlans",
            "stock_plans_files",
            items(
                "OCF_STOCK_PLANS_FILE",
                json!([{ "object_type": "STOCK_PLAN", "id": "plan", "plan_name": "2022 Plan",
                         "initial_shares_reserved": "1000", "stock_class_ids": ["common"] }]),
            ),
        ),
        write(
            "Stakeholders",
            "stakeholders_files",
            items(
                "OCF_STAKEHOLDERS_FILE",
                json!([holder("ada", "Ada Ginsberg"), holder("bo", "Bo Lindqvist")]),
            ),
        ),
        write(
            "Transactions",
            "transactions_files",
            items(
                "OCF_TRANSACTIONS_FILE",
                json!([share("s1", "ada", "6000"), share("s2", "bo", "2000"), grant]),
            ),
        ),
    ];
    let mut manifest = json!({
        "file_type": "OCF_MANIFEST_FILE", "ocf_version": "1.2.0", "as_of": "2024-01-01",
        "generated_at": "2024-01-01T00:00:00Z",
        "issuer": { "object_type": "ISSUER", "id": "ginsberg", "legal_name": "Ginsberg Lathes, Inc.",
                    "formation_date": "2021-06-01", "country_of_formation": "US", "tax_ids": [],
                    "initial_shares_authorized": "20000" },
        "vesting_terms_files": [], "valuations_files": [], "stock_legend_templates_files": [],
    });
    for (key, list) in lists {
        manifest[key] = list;
    }
    std::fs::write(folder.join("Manifest.ocf.json"), manifest.to_string()).unwrap();
}

fn grant_fields(id: &str, holder: &str, plan: &str, date: &str, quantity: &str) -> Value {
    json!({ "date": date, "security_id": id, "custom_id": format!("ES-{id}"),
            "stakeholder_id": holder, "stock_plan_id": plan, "stock_class_id": "common",
            "compensation_type": "OPTION_NSO", "quantity": quantity,
            "exercise_price": { "amount": "2.5", "currency": "USD" }, "expiration_date": "2034-01-01",
            "termination_exercise_windows": [], "security_law_exemptions": [] })
}

/// Two shares for each.
pub(crate) fn split() -> Value {
    json!({ "date": "2024-09-01", "stock_class_id": "common",
            "split_ratio": { "numerator": "2", "denominator": "1" } })
}

/// An object in normal form as canonical JSON.
pub(crate) fn object(kind: &str, id: &str, fields: Value) -> String {
    let fields = serde_json::from_value(fields).unwrap();
    Object::new(Kind::parse(kind).unwrap(), id, fields).to_json()
}

/// The grants of a table, whoever tells it: id, quantity and what had vested.
pub(crate) fn grants(table: &Value) -> Vec<Value> {
    let lines = table["grants"].as_array().or(table["grants"]["nodes"].as_array());
    let grant = |line: &Value| {
        let id = line["securityId"].as_str().or(line["sourceId"].as_str());
        json!([id, line["quantity"], line["vested"]])
    };
    lines.into_iter().flatten().map(grant).collect()
}

/// The nodes of a page.
pub(crate) fn nodes(page: &Value) -> impl Iterator<Item = &Value> {
    page["nodes"].as_array().into_iter().flatten()
}

impl Company {
    /// The company when it has just arrived.
    pub(crate) fn arrived() -> Company {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, operator) = set_up(folder.path());
        let server = Server::start(folder.path());
        let registrar = admit(&server.client(), ledger, &operator, 7, v1::Role::Registrar);
        std::fs::write(folder.path().join("registrar.key"), "07".repeat(32)).unwrap();
        write_package(&folder.path().join("package"));
        let handle = registrar.participant.to_string();
        let mut arguments = vec!["ocf", "import", "package", "--lenient", "--json"];
        arguments.extend(["--server", &server.address, "--registrar", &handle]);
        arguments.extend(["--registrar-key", "registrar.key"]);
        arguments.extend(["--operator-key", "data/keys/operator.key"]);
        let brought = counterfoil(&arguments, folder.path());
        assert!(brought.status.success(), "{}", text(&brought.stderr));
        let brought = json(&brought);
        let issuer = brought["issuer"].as_str().unwrap().to_owned();
        let height = brought["height"].as_str().unwrap().parse().unwrap();
        Company { server, ledger, operator, registrar, issuer, folder, height: Cell::new(height) }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The height of the last command.
    pub(crate) fn height(&self) -> String {
        self.height.get().to_string()
    }

    /// A grant, an acceleration, an exercise, a split and a repurchase: by turns over GraphQL and from
    /// the command line, and things named by their ids and by their handles.
    pub(crate) fn live(&self) {
        let (ada, g1) = (self.stakeholder("ada"), self.grant_handle("g1"));
        let grant = grant_fields("g2", &ada, "L0-R", "2024-03-01", "200");
        let granted = self
            .record("grant", vec![object("TX_EQUITY_COMPENSATION_ISSUANCE", "grant g2", grant)]);
        assert_eq!(granted["securities"], json!([self.grant_handle("g2")]));
        let sooner = json!({ "date": "2024-03-02", "security_id": g1, "quantity": "100",
                             "reason_text": "the board" });
        self.submit("sooner", vec![object("TX_VESTING_ACCELERATION", "sooner", sooner)]);
        let exercise = json!({ "date": "2024-06-01", "security_id": g1, "quantity": "50",
                               "resulting_security_ids": ["s3"] });
        let shares = json!({ "date": "2024-06-01", "security_id": "s3", "custom_id": "CS-s3",
                             "stakeholder_id": "bo", "stock_class_id": "common", "quantity": "50",
                             "share_price": { "amount": "2.5", "currency": "USD" },
                             "security_law_exemptions": [], "stock_legend_ids": [] });
        let exercised = vec![
            object("TX_EQUITY_COMPENSATION_EXERCISE", "exercise", exercise),
            object("TX_STOCK_ISSUANCE", "issue s3", shares.clone()),
        ];
        self.submit("exercise", exercised);
        self.record("split", vec![object("TX_STOCK_CLASS_SPLIT", "split", split())]);
        let class = self.class();
        let policy = Ask::SetRepurchasePolicy(v1::SetRepurchasePolicy {
            class: class.clone(),
            treasury: true,
        });
        let set = self.act("policy", policy, "stockClass");
        assert_eq!(set["stockClass"], class);
        let mut balance = shares;
        for (name, value) in [
            ("date", "2024-10-01"),
            ("security_id", "s4"),
            ("custom_id", "CS-s4"),
            ("quantity", "3500"),
        ] {
            balance[name] = value.into();
        }
        let bought = json!({ "date": "2024-10-01", "security_id": self.certificate("s2"),
                             "quantity": "500", "balance_security_id": "s4",
                             "price": { "amount": "3", "currency": "USD" } });
        let bought = vec![
            object("TX_STOCK_REPURCHASE", "repurchase", bought),
            object("TX_STOCK_ISSUANCE", "issue s4", balance),
        ];
        let repurchased = self.record("repurchase", bought);
        assert_eq!(repurchased["certificates"].as_array().map(Vec::len), Some(1));
    }

    fn transaction(&self, objects: Vec<String>) -> Ask {
        Ask::RecordTransaction(v1::RecordTransaction { issuer: self.issuer.clone(), objects })
    }

    /// Records a transaction over GraphQL.
    pub(crate) fn record(&self, id: &str, objects: Vec<String>) -> Value {
        self.act(id, self.transaction(objects), "certificates securities")
    }

    /// Records one from the command line.
    fn submit(&self, id: &str, objects: Vec<String>) {
        let command = json!({ "recordTransaction": { "issuer": self.issuer, "objects": objects } });
        let file = self.folder().join(format!("{id}.json"));
        std::fs::write(file, command.to_string()).unwrap();
        let (file, handle) = (format!("{id}.json"), self.registrar.participant.to_string());
        let mut arguments = vec!["submit", &file, "--id", id, "--json"];
        arguments.extend(["--server", &self.server.address, "--participant", &handle]);
        arguments.extend(["--key", "registrar.key"]);
        let done = counterfoil(&arguments, self.folder());
        assert!(done.status.success(), "{}", text(&done.stderr));
        self.height.set(json(&done)["height"].as_str().unwrap().parse().unwrap());
    }

    /// Carries out a mutation with one command; its payload.
    fn act(&self, id: &str, ask: Ask, fields: &str) -> Value {
        let mode = Mode::Independent;
        let (until, signer) = (soon(), &self.registrar);
        let signed = sign(self.ledger, signer, id, until, mode, Encoding::Json, vec![ask]).unwrap();
        let only = &signed.commands[0];
        let command: Value = serde_json::from_slice(&only.command).unwrap();
        let (name, input) = command.as_object().unwrap().iter().next().unwrap();
        let ty = name[..1].to_ascii_uppercase() + &name[1..];
        let mutation = format!(
            "mutation($input: {ty}Input!, $submission: SubmissionInput!) {{
             {name}(input: $input, submission: $submission) {{
             {fields} receipt {{ height }} userErrors {{ code message }} }} }}"
        );
        let variables = json!({
            "input": input,
            "submission": {
                "participant": signer.participant.to_string(),
                "key": signer.key.public().to_string(),
                "submissionId": id,
                "validUntil": until.to_string(),
                "salt": to_hex(&only.salt),
                "signature": to_hex(&signed.signature),
            },
        });
        let payload = self.server.client().graphql(&mutation, variables, None).unwrap();
        let payload = payload[name].clone();
        assert_eq!(payload["userErrors"], json!([]), "{id}");
        self.height.set(payload["receipt"]["height"].as_str().unwrap().parse().unwrap());
        payload
    }

    fn token(&self) -> String {
        self.server.client().token(self.ledger, &self.registrar).unwrap()
    }

    /// Asks as the registrar.
    pub(crate) fn ask(&self, query: &str, variables: Value) -> Value {
        self.server.client().graphql(query, variables, Some(&self.token())).unwrap()
    }

    /// The cap table at the end of a day.
    pub(crate) fn cap_table(&self, date: &str, known_at: Option<&str>, definition: &str) -> Value {
        let query = "query($issuer: ID!, $date: Date!, $known: MomentInput, $height: Height!,
            $definition: CapTableDefinition!) {
          capTable(issuer: $issuer, asOf: { date: $date }, knownAt: $known, minHeight: $height,
              definition: $definition) {
            asOf definition meaning fullyDiluted
            classes { name authorized issued outstanding treasury asConverted }
            holders(first: 9) { nodes { name total options holdings { quantity asConverted } } }
            plans { name reserved granted exercised returned available }
            grants(first: 9) { nodes { sourceId kind quantity vested unvested name
              exercisePrice { amount currency } security { id } } }
            warrants(first: 9) { nodes { quantity } }
            convertibles(first: 9) { nodes { invested { amount } } }
            notes(first: 9) { nodes { code } } } }";
        let known = known_at.map(|height| json!({ "height": height }));
        let asked = json!({ "issuer": self.issuer, "date": date, "known": known,
                            "height": self.height(), "definition": definition });
        self.ask(query, asked)["capTable"].clone()
    }

    /// The handle of what has an id in the package.
    fn handle(&self, list: &str, id: &str) -> String {
        let query = format!(
            "query($issuer: ID!, $height: Height!) {{ issuer(id: $issuer, minHeight: $height) {{
             {list}(first: 100) {{ nodes {{ id sourceId }} }} }} }}"
        );
        let asked = json!({ "issuer": self.issuer, "height": self.height() });
        let answer = self.ask(&query, asked);
        let mut found = nodes(&answer["issuer"][list]);
        found.find(|node| node["sourceId"] == id).unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn stakeholder(&self, id: &str) -> String {
        self.handle("stakeholders", id)
    }

    pub(crate) fn grant_handle(&self, id: &str) -> String {
        self.handle("securities", id)
    }

    fn certificate(&self, id: &str) -> String {
        self.handle("certificates", id)
    }

    fn class(&self) -> String {
        self.handle("stockClasses", "common")
    }

    /// Erases what is known of a stakeholder.
    pub(crate) fn erase(&self, holder: &str) {
        let url = format!("{}/v1/people/{holder}", self.server.address);
        let bearer = format!("Bearer {}", self.token());
        let erased = ureq::delete(url).header("authorization", bearer).call().unwrap();
        assert_eq!(erased.status().as_u16(), 204);
    }

    /// Writes the package from the command line, as the registrar.
    pub(crate) fn export(&self, out: &str, more: &[&str]) -> Output {
        self.export_as(&self.registrar.participant.to_string(), out, more)
    }

    pub(crate) fn export_as(&self, participant: &str, out: &str, more: &[&str]) -> Output {
        let mut arguments = vec!["ocf", "export", &self.issuer, out];
        arguments.extend(["--server", &self.server.address, "--participant", participant]);
        arguments.extend(["--key", "registrar.key"]);
        arguments.extend(more);
        counterfoil(&arguments, self.folder())
    }
}
