//! Resources, prompts, completions.

use crate::{
    tools::IMAGE,
    wire::{Asked, Failure, Stop},
};
use serde_json::{Value, json};

pub(crate) fn read(asked: &Asked) -> Result<Value, Failure> {
    let uri = asked.params["uri"].as_str().unwrap_or_default();
    let content = match uri {
        "test://static-text" => {
            json!({ "mimeType": "text/plain", "text": "This is the content of the static text resource." })
        }
        "test://watched-resource" => json!({ "mimeType": "text/plain", "text": "Watch this." }),
        "test://static-binary" => json!({ "mimeType": "image/png", "blob": IMAGE }),
        "ui://conformance/view" => json!({
            "mimeType": "text/html;profile=mcp-app",
            "text": "<!doctype html><title>View</title><p>A view for tests.</p>",
            "_meta": { "ui": { "csp": { "connectDomains": ["https://api.example.com"] }, "prefersBorder": true } },
        }),
        _ => {
            let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
            let Some(id) = id.filter(|id| !id.is_empty() && !id.contains('/')) else {
                let data = Some(json!({ "uri": uri }));
                let code = if asked.is_new { -32602 } else { -32002 };
                return Err(Failure { code, message: "there is no such resource".into(), data });
            };
            let text = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }).to_string();
            json!({ "mimeType": "application/json", "text": text })
        }
    };
    let mut content = content;
    content["uri"] = uri.into();
    Ok(json!({ "contents": [content] }))
}

pub(crate) async fn prompt(asked: &Asked) -> Result<Value, Stop> {
    let says = |content: Value| json!({ "role": "user", "content": content });
    let text = |text: String| says(json!({ "type": "text", "text": text }));
    let argument = |name: &str| {
        let value = asked.arguments()[name].as_str();
        value.ok_or_else(|| Failure::invalid(format!("the argument {name} is missing")))
    };
    let messages = match asked.params["name"].as_str().unwrap_or_default() {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.".into())],
        "test_prompt_with_arguments" => {
            let (one, other) = (argument("arg1")?, argument("arg2")?);
            vec![text(format!("Prompt with arguments: arg1='{one}', arg2='{other}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let inner = "Embedded resource content for testing.";
            let resource = json!({ "uri": argument("resourceUri")?, "mimeType": "text/plain", "text": inner });
            let held = says(json!({ "type": "resource", "resource": resource }));
            vec![held, text("Please process the embedded resource above.".into())]
        }
        "test_prompt_with_image" => {
            let image = says(json!({ "type": "image", "data": IMAGE, "mimeType": "image/png" }));
            vec![image, text("Please analyze the image above.".into())]
        }
        "test_input_required_result_prompt" => {
            let schema =
                json!({ "type": "object", "properties": { "context": { "type": "string" } }, "required": ["context"] });
            let form = json!({ "message": "What context should the prompt use?", "requestedSchema": schema });
            let answer = asked.input("user_context", "elicitation/create", form).await?;
            let context = answer["content"]["context"].as_str().unwrap_or("none");
            vec![text(format!("The context is: {context}"))]
        }
        name => return Err(Failure::invalid(format!("there is no prompt {name}")).into()),
    };
    Ok(json!({ "messages": messages }))
}

pub(crate) fn complete(asked: &Asked) -> Value {
    let begun = asked.params["argument"]["value"].as_str().unwrap_or_default();
    let all = ["paris", "park", "party", "test", "testing"];
    let values: Vec<_> = all.into_iter().filter(|word| word.starts_with(begun)).collect();
    json!({ "completion": { "total": values.len(), "values": values, "hasMore": false } })
}
