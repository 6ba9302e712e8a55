//! A company arrives from a package, lives in the ledger and leaves again: a server in a process of
//! its own, the command line, and GraphQL.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::path::Path;
use std::process::Output;

use company::{Company, grants, object, write_package};
use counterfoil_engine::wire::v1::{self, command::Command as Ask};
use counterfoil_registry::ocf::import::import;
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options, read};
use serde_json::{Value, json};
use support::{Server, admit, counterfoil, json, made, send, set_up, text};

#[path = "register/company.rs"]
mod company;
mod support;

/// What is counted of a table, whoever tells it. Treasury shares are not among it: the format does
/// not say what became of those that were bought back.
fn figures(table: &Value) -> Value {
    let class = &table["classes"][0];
    let class =
        ["authorized", "issued", "outstanding", "asConverted"].map(|name| class[name].clone());
    json!([table["fullyDiluted"], class, grants(table)])
}

#[test]
fn a_company_arrives_lives_and_leaves_as_it_is() {
    let company = Company::arrived();
    let arrived = company.height();
    company.live();
    let lived = company.height();

    // What counts as fully diluted: 8,000 shares and 400 options at first, at last 15,600 and 1,100.
    let diluted = [
        ("2024-02-29", "8400"),
        ("2024-03-31", "8600"),
        ("2024-06-30", "8600"),
        ("2024-09-30", "17200"),
        ("2024-12-31", "16700"),
    ];
    for (date, total) in diluted {
        let table = company.cap_table(date, None, "FULLY_DILUTED");
        assert_eq!(table["fullyDiluted"], total, "{date}");
        assert_eq!(table["definition"], "FULLY_DILUTED");
    }
    let last = company.cap_table("2024-12-31", None, "OUTSTANDING");
    assert_eq!(last["fullyDiluted"], "15600");
    let class = &last["classes"][0];
    assert_eq!((&class["treasury"], &class["issued"]), (&json!("500"), &json!("16100")));
    let names: Vec<&Value> = company::nodes(&last["holders"]).map(|line| &line["name"]).collect();
    assert_eq!(names, ["Ada Ginsberg", "Bo Lindqvist"]);
    assert_eq!(last["plans"][0]["available"], "800", "2,000 reserved, 1,200 granted");
    // Before anything was recorded live, the same day looked otherwise.
    let known = company.cap_table("2024-12-31", Some(&arrived), "FULLY_DILUTED");
    assert_eq!(known["fullyDiluted"], "8400");

    for (known_at, dates) in [(&lived, diluted.as_slice()), (&arrived, &diluted[..1])] {
        let out = format!("out-{known_at}.ocf.zip");
        let exported = company.export(&out, &["--known-at", known_at]);
        assert!(exported.status.success(), "{}", text(&exported.stderr));
        let noted = text(&exported.stderr).matches("OCF_DERIVATIVES_NOT_SPLIT").count();
        assert_eq!(noted, if *known_at == lived { 2 } else { 0 });
        let noted = text(&exported.stderr).matches("OCF_SPLIT_UNTOLD").count();
        assert_eq!(noted, usize::from(*known_at == lived), "the pool was split too");
        let source = Source::open(&company.folder().join(&out)).unwrap();
        let package = read(&source, Options { mode: Mode::Strict, md5: true }).unwrap();
        import(&package, Mode::Strict).unwrap();
        for (date, _) in dates {
            let arguments = ["ocf", "cap-table", &out, "--as-of", date, "--json"];
            let offline = json(&counterfoil(&arguments, company.folder()));
            let live = company.cap_table(date, Some(known_at), "FULLY_DILUTED");
            // A split of the format leaves grants as they were, that of the ledger does not.
            let split = *date >= "2024-09-01";
            let figures = |table: &Value| match split {
                true => json!([figures(table)[1]]),
                false => figures(table),
            };
            assert_eq!(figures(&offline), figures(&live), "{date} known at {known_at}");
        }
    }
    // The same again gives the same bytes, and nothing is overwritten.
    let again = company.export("again.ocf.zip", &["--known-at", &lived]);
    assert!(again.status.success());
    let bytes = |name: &str| std::fs::read(company.folder().join(name)).unwrap();
    assert_eq!(bytes("again.ocf.zip"), bytes(&format!("out-{lived}.ocf.zip")));
    let over = company.export("again.ocf.zip", &[]);
    assert_eq!(over.status.code(), Some(3));
    assert!(text(&over.stderr).starts_with("error[OUTPUT_EXISTS]"));
}

#[test]
fn a_package_is_brought_in_once_and_a_departure_from_the_format_is_refused_or_found() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, operator) = set_up(folder.path());
    let server = Server::start(folder.path());
    let registrar = admit(&server.client(), ledger, &operator, 7, v1::Role::Registrar);
    std::fs::write(folder.path().join("registrar.key"), "07".repeat(32)).unwrap();
    write_package(&folder.path().join("package"));
    let handle = registrar.participant.to_string();
    let bring = |more: &[&str]| -> Output {
        let mut arguments = vec!["ocf", "import", "package", "--json", "--server", &server.address];
        arguments.extend(["--registrar", &handle, "--registrar-key", "registrar.key"]);
        arguments.extend(["--operator-key", "data/keys/operator.key"]);
        arguments.extend(more);
        counterfoil(&arguments, folder.path())
    };
    let strict = bring(&[]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(text(&strict.stderr).starts_with("error[OCF_"), "{}", text(&strict.stderr));
    let lenient = bring(&["--lenient"]);
    assert!(lenient.status.success(), "{}", text(&lenient.stderr));
    let first = json(&lenient);
    let mut found = first["findings"].as_array().unwrap().iter();
    assert!(found.any(|finding| finding["code"] == "OCF_FIELD_UNKNOWN"), "{first}");
    assert_eq!(json(&bring(&["--lenient"])), first, "it is brought in once");
}

#[test]
fn a_stranger_sees_nothing_and_a_holder_his_own() {
    let company = Company::arrived();
    company.live();
    let server = &company.server;
    let client = server.client();
    let stranger = admit(&client, company.ledger, &company.operator, 9, v1::Role::Investor);
    let bo = admit(&client, company.ledger, &company.operator, 11, v1::Role::Investor);
    let link = Ask::LinkStakeholder(v1::LinkStakeholder {
        stakeholder: company.stakeholder("bo"),
        party: bo.participant.to_string(),
        operator: bo.participant.to_string(),
    });
    let mut height = company.height();
    for signer in [&company.registrar, &bo] {
        let linked = send(&client, company.ledger, signer, "link", vec![link.clone()]);
        assert_eq!(linked["outcomes"][0]["error"], Value::Null, "{linked}");
        height = linked["height"].as_str().unwrap().to_owned();
    }
    let query = "query($issuer: ID!, $height: Height!) {
      issuer(id: $issuer, minHeight: $height) {
        capTable { asOf } plans { id } events(first: 9) { nodes { kind } }
        securities(first: 9) { nodes { sourceId kind quantity terms { objectType } } }
        vesting(first: 9) { nodes { security vested } } }
      grant: node(id: \"G0-A\") { id } plan: node(id: \"L0-R\") { id } }";
    let seen = |token: Option<&str>| {
        let asked = json!({ "issuer": company.issuer, "height": height });
        client.graphql(query, asked, token).unwrap()
    };
    let token = client.token(company.ledger, &stranger).unwrap();
    let issuer = json!({
        "capTable": null, "plans": null, "events": null,
        "securities": { "nodes": [] }, "vesting": { "nodes": [] },
    });
    let nothing = json!({ "issuer": issuer, "grant": null, "plan": null });
    assert_eq!(seen(Some(&token)), nothing);
    assert_eq!(seen(None), json!({ "issuer": null, "grant": null, "plan": null }));
    let mut own = nothing.clone();
    let id = company.grant_handle("g1");
    own["grant"] = json!({ "id": id });
    own["issuer"]["securities"]["nodes"] = json!([{
        "sourceId": "g1", "kind": "OPTION_NSO", "quantity": "700",
        "terms": { "objectType": "TX_EQUITY_COMPENSATION_ISSUANCE" },
    }]);
    own["issuer"]["vesting"]["nodes"] = json!([{ "security": "g1", "vested": "800" }]);
    assert_eq!(id, "G0-A");
    assert_eq!(seen(Some(&client.token(company.ledger, &bo).unwrap())), own);

    // A register that he may not see and one that does not exist are one and the same.
    let get = |issuer: &str| {
        let path = format!("/v1/issuers/{issuer}/package");
        let answer = client.get(&path, Some(&token)).unwrap();
        (answer.status, answer.body)
    };
    assert_eq!(get(&company.issuer), get("I9-J"));
    assert_eq!(get(&company.issuer).0, 404);
    std::fs::write(company.folder().join("registrar.key"), "09".repeat(32)).unwrap();
    let handle = stranger.participant.to_string();
    let refused = company.export_as(&handle, "stolen.zip", &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).starts_with("error[NOT_FOUND]"), "{}", text(&refused.stderr));
    assert!(!Path::new(&company.folder().join("stolen.zip")).exists());
}

#[test]
fn an_event_shows_what_it_says_in_the_words_of_the_format() {
    let company = Company::arrived();
    company.live();
    let query = "query($issuer: ID!, $height: Height!) { issuer(id: $issuer, minHeight: $height) {
      events(last: 6) { nodes { kind effectiveDate securitiesOpened
        documents { objectType sourceId json } } } } }";
    let asked = json!({ "issuer": company.issuer, "height": company.height() });
    let answer = company.ask(query, asked);
    let events: Vec<&Value> = company::nodes(&answer["issuer"]["events"]).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ISSUANCE", "VESTING", "EXERCISE", "SPLIT", "REGISTRATION", "REPURCHASE"]);
    assert_eq!(events[0]["securitiesOpened"], json!([company.grant_handle("g2")]));
    let split = &events[3]["documents"][0];
    assert_eq!(split["objectType"], "TX_STOCK_CLASS_SPLIT");
    let told = object("TX_STOCK_CLASS_SPLIT", "split", company::split());
    assert_eq!(split["json"], told.as_str());

    // The certificate that was scaled, and the one that came out of the grant.
    let query = "query($issuer: ID!) { issuer(id: $issuer) {
      certificates(first: 9) { nodes { sourceId openedQuantity quantity closedBy
        convertedFrom { sourceId changes { date kind left } } } } } }";
    let answer = company.ask(query, json!({ "issuer": company.issuer }));
    let nodes = company::nodes(&answer["issuer"]["certificates"]);
    let exercised = nodes.into_iter().find(|node| node["sourceId"] == "s3").unwrap();
    let changes = json!([
        { "date": "2024-06-01", "kind": "EXERCISE", "left": "350" },
        { "date": "2024-09-01", "kind": "SPLIT", "left": "700" },
    ]);
    let wanted = json!({
        "sourceId": "s3", "openedQuantity": "50", "quantity": "100", "closedBy": null,
        "convertedFrom": { "sourceId": "g1", "changes": changes },
    });
    assert_eq!(*exercised, wanted);
}

/// A note becomes a warrant and a smaller note; the warrant is exercised in part.
#[test]
fn warrants_and_convertibles_are_told_over_their_lives() {
    let company = Company::arrived();
    let note = |id: &str, date: &str, amount: &str| {
        let fields = json!({
            "date": date, "security_id": id, "custom_id": format!("CN-{id}"),
            "stakeholder_id": "ada", "convertible_type": "NOTE", "seniority": "1",
            "investment_amount": { "amount": amount, "currency": "USD" },
            "conversion_triggers": [], "security_law_exemptions": [],
        });
        object("TX_CONVERTIBLE_ISSUANCE", &format!("issue {id}"), fields)
    };
    company.record("note", vec![note("n1", "2024-03-01", "5000")]);
    let warrant = object(
        "TX_WARRANT_ISSUANCE",
        "issue w1",
        json!({
            "date": "2024-05-01", "security_id": "w1", "custom_id": "W-1",
            "stakeholder_id": "ada", "quantity": "300", "security_law_exemptions": [],
            "purchase_price": { "amount": "1", "currency": "USD" },
            "exercise_price": { "amount": "2", "currency": "USD" },
            "exercise_triggers": [{
                "type": "ELECTIVE_AT_WILL", "trigger_id": "at will",
                "conversion_right": {
                    "type": "WARRANT_CONVERSION_RIGHT", "converts_to_stock_class_id": "common",
                    "conversion_mechanism": {
                        "type": "FIXED_AMOUNT_CONVERSION", "converts_to_quantity": "300",
                    },
                },
            }],
        }),
    );
    let conversion = json!({
        "date": "2024-05-01", "security_id": "n1", "reason_text": "agreed", "trigger_id": "t",
        "resulting_security_ids": ["w1"], "balance_security_id": "n2",
    });
    let conversion = object("TX_CONVERTIBLE_CONVERSION", "conversion", conversion);
    let converted = vec![conversion, warrant, note("n2", "2024-05-01", "2000")];
    assert_eq!(
        company.record("convert", converted)["securities"].as_array().map(Vec::len),
        Some(2)
    );
    let exercise = json!({ "date": "2024-06-01", "security_id": "w1", "trigger_id": "at will",
                           "resulting_security_ids": ["s9"] });
    let shares = json!({ "date": "2024-06-01", "security_id": "s9", "custom_id": "CS-s9",
                         "stakeholder_id": "ada", "stock_class_id": "common", "quantity": "120",
                         "share_price": { "amount": "2", "currency": "USD" },
                         "security_law_exemptions": [], "stock_legend_ids": [] });
    let exercised = vec![
        object("TX_WARRANT_EXERCISE", "exercise w1", exercise),
        object("TX_STOCK_ISSUANCE", "issue s9", shares),
    ];
    company.record("exercise", exercised);

    let told = |date: &str| {
        let table = company.cap_table(date, None, "FULLY_DILUTED");
        let lines = |list: &str| company::nodes(&table[list]).cloned().collect::<Vec<Value>>();
        (table["fullyDiluted"].clone(), lines("warrants"), lines("convertibles"))
    };
    let invested = |amount: &str| vec![json!({ "invested": { "amount": amount } })];
    let left = |quantity: &str| vec![json!({ "quantity": quantity })];
    assert_eq!(told("2024-04-30"), (json!("8400"), vec![], invested("5000")));
    assert_eq!(told("2024-05-31"), (json!("8700"), left("300"), invested("2000")));
    assert_eq!(told("2024-06-30"), (json!("8700"), left("180"), invested("2000")));

    let query = "query($issuer: ID!, $height: Height!) { issuer(id: $issuer, minHeight: $height) {
      securities(first: 9) { nodes { sourceId kind quantity invested { amount currency }
        stockClass { name } precededBy { sourceId } convertedInto(first: 9) { nodes { sourceId } }
        terms { objectType sourceId } } } } }";
    let asked = json!({ "issuer": company.issuer, "height": company.height() });
    let answer = company.ask(query, asked);
    let securities: Vec<&Value> = company::nodes(&answer["issuer"]["securities"]).collect();
    let one = |id: &str| *securities.iter().find(|node| node["sourceId"] == id).unwrap();
    let warrant = one("w1");
    assert_eq!(warrant["precededBy"]["sourceId"], "n1");
    assert_eq!(warrant["stockClass"]["name"], "Common Stock");
    assert_eq!(warrant["convertedInto"]["nodes"], json!([{ "sourceId": "s9" }]));
    assert_eq!(warrant["terms"]["sourceId"], "issue w1");
    assert_eq!(one("n2")["precededBy"]["sourceId"], "n1");
    assert_eq!(one("n2")["invested"], json!({ "amount": "2000", "currency": "USD" }));

    // It leaves as it is.
    let exported = company.export("out.ocf.zip", &[]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let table = counterfoil(
        &["ocf", "cap-table", "out.ocf.zip", "--as-of", "2024-06-30", "--json"],
        company.folder(),
    );
    assert!(table.status.success(), "{}", text(&table.stderr));
    let table = json(&table);
    assert_eq!(table["fullyDiluted"], "8700");
    let (security, holder) = ("w1", "ada");
    let line = json!({ "securityId": security, "stakeholderId": holder, "classId": "common",
                       "quantity": "180", "exercisePrice": "2" });
    assert_eq!(table["warrants"], json!([line]));
    assert_eq!(table["convertibles"][0]["amount"], "2000");
}

#[test]
fn a_name_that_was_erased_stays_out_of_the_package() {
    let mut company = Company::arrived();
    let bo = company.stakeholder("bo");
    company.erase(&bo);
    let exported = company.export("out", &[]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let holders = company.folder().join("out/Stakeholders.ocf.json");
    let holders = std::fs::read_to_string(holders).unwrap();
    assert!(holders.contains("Ada Ginsberg") && holders.contains("(erased)"), "{holders}");
    assert!(!holders.contains("Lindqvist"), "{holders}");
    // A register that was never in a package leaves as well, with what the ledger knows.
    let client = company.server.client();
    let send = |id: &str, by, ask| send(&client, company.ledger, by, id, vec![ask]);
    let party =
        v1::RegisterParty { kind: v1::PartyKind::Legal.into(), details: vec![5; 32].into() };
    let party = made(&send("own", &company.operator, Ask::RegisterParty(party)), 0, "party");
    let issuer = Ask::RegisterIssuer(v1::RegisterIssuer {
        party,
        registrar: company.registrar.participant.to_string(),
        formed: "2024-01-01".to_owned(),
        authorized: "1000".to_owned(),
        source_id: String::new(),
        draft: false,
    });
    let issuer = made(&send("issuer", &company.operator, issuer), 0, "issuer");
    company.issuer = issuer;
    let exported = company.export("plain.ocf.zip", &[]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    assert!(text(&exported.stderr).contains("OCF_FIELD_MISSING"), "{}", text(&exported.stderr));
    let check = counterfoil(&["ocf", "check", "plain.ocf.zip"], company.folder());
    assert!(check.status.success(), "{}", text(&check.stderr));
}
