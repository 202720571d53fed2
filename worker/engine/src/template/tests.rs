use super::*;
use serde_json::json;

fn message(role: &str, content: &str) -> Message {
    Message {
        role: role.into(),
        content: content.into(),
    }
}

fn conversation() -> [Message; 4] {
    [
        message("system", "Be brief."),
        message("user", " Hi! "),
        message("assistant", "<think>\nwell\n</think>\n\nHello."),
        message("user", "And \"<b>\"?"),
    ]
}

fn template(source: &str) -> Result<ChatTemplate, TemplateError> {
    ChatTemplate::new(source.into(), Some("<s>".into()), Some("</s>".into()))
}

fn rendered(source: &str, messages: &[Message]) -> Result<String, TemplateError> {
    template(source)?.render(messages, true)
}

const CHATML: &str = "\
{% for message in messages %}\
{% if loop.first and message.role != 'system' %}\
{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}\
{% endif %}\
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}\
{% endfor %}\
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

#[test]
fn chatml_style_should_be_rendered() {
    let expected = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi! <|im_end|>\n";
    let text = rendered(CHATML, &conversation()[..2]).unwrap();
    assert_eq!(text, format!("{expected}<|im_start|>assistant\n"));
    let template = template(CHATML).unwrap();
    assert_eq!(
        template.render(&conversation()[..2], false).unwrap(),
        expected
    );
    let text = template.render(&[message("user", "x")], false).unwrap();
    assert!(
        text.starts_with("<|im_start|>system\nYou help.<|im_end|>\n"),
        "{text}"
    );
}

const LLAMA3: &str = "\
{{- bos_token }}
{%- if not date_string is defined %}
{%- if strftime_now is defined %}
    {%- set date_string = strftime_now('%d %b %Y') %}
{%- else %}
    {%- set date_string = '01 Jan 2024' %}
{%- endif %}
{%- endif %}
{%- if tools is not none %}{{- raise_exception('no tools') }}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
{%- set system = messages[0]['content'].strip() %}
{%- set messages = messages[1:] %}
{%- else %}
{%- set system = '' %}
{%- endif %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + date_string + '\\n\\n' + system + '<|eot_id|>' }}
{%- for message in messages %}
{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
";

#[test]
fn llama3_style_should_be_rendered() {
    let text = rendered(LLAMA3, &conversation()[..2]).unwrap();
    let expected = "<s><|start_header_id|>system<|end_header_id|>\n\nToday: 01 Jan 2024\n\nBe brief.<|eot_id|>\
        <|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|>\
        <|start_header_id|>assistant<|end_header_id|>\n\n";
    assert_eq!(text, expected);
}

/// Namespaces, reversed slices, methods of strings, `continue`, JSON and thoughts that are left out.
const QWEN: &str = "\
{%- set ns = namespace(last=messages|length - 1) %}
{%- for message in messages[::-1] %}
{%- if message.role == 'user' and not message.content.startswith('<tool') %}
    {%- set ns.last = (messages|length - 1) - loop.index0 %}
    {%- break %}
{%- endif %}
{%- endfor %}
{%- for message in messages %}
{%- if message.role == 'tool' %}{% continue %}{% endif %}
{%- if message.content is string %}{%- set content = message.content %}{%- else %}{%- set content = '' %}{%- endif %}
{%- if message.role == 'assistant' and '</think>' in content %}
    {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
    {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- if loop.index0 > ns.last %}{%- set content = thought + '|' + content %}{%- endif %}
{%- endif %}
{{- '<|im_start|>' ~ message.role ~ '\\n' ~ content ~ '<|im_end|>\\n' }}
{%- endfor %}
{{- {'text': messages[-1].content, 'list': [1, true, none]} | tojson }}
{%- if add_generation_prompt %}
{{- '\\n<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}";

#[test]
fn qwen_style_should_be_rendered() {
    let mut messages = conversation().to_vec();
    messages.insert(3, message("tool", "left out"));
    let text = rendered(QWEN, &messages).unwrap();
    let expected = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi! <|im_end|>\n\
        <|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nAnd \"<b>\"?<|im_end|>\n\
        {\"list\": [1, true, null], \"text\": \"And \\\"<b>\\\"?\"}\n<|im_start|>assistant\n";
    assert_eq!(text, expected);
    let text = rendered(QWEN, &messages[..3]).unwrap();
    assert!(text.contains("assistant\nwell|Hello."), "{text}");
}

#[test]
fn json_should_be_indented_when_it_is_asked_for() {
    let text = rendered(
        "{{ {'a': ['é']} | tojson(indent=2, ensure_ascii=false) }}",
        &[],
    )
    .unwrap();
    assert_eq!(text, "{\n  \"a\": [\n    \"é\"\n  ]\n}");
    let error = rendered("{{ 1 | tojson(other=2) }}", &[]);
    assert!(matches!(error, Err(TemplateError::Render(_))));
}

#[test]
fn errors_should_have_names() {
    let strict =
        "{% if messages[0].role != 'user' %}{{ raise_exception('users begin') }}{% endif %}";
    let error = rendered(strict, &conversation());
    assert!(matches!(error, Err(TemplateError::Refused(why)) if why == "users begin"));
    let in_macro = "{% macro no() %}{{ raise_exception('never') }}{% endmacro %}{{ no() }}";
    let error = rendered(in_macro, &[]);
    assert!(matches!(error, Err(TemplateError::Refused(why)) if why == "never"));
    for wrong in ["{% if %}", "{{ x", "{% for a in b %}", "{% generation %}"] {
        assert!(
            matches!(template(wrong), Err(TemplateError::Syntax(_))),
            "{wrong}"
        );
    }
    for wrong in [
        "{{ none.x.y }}",
        "{{ messages.nothing() }}",
        "{{ strftime_now('%Y') }}",
    ] {
        let error = rendered(wrong, &[]);
        assert!(matches!(error, Err(TemplateError::Render(_))), "{wrong}");
    }
    let error = template(&"x".repeat(LONGEST + 1));
    assert!(matches!(error, Err(TemplateError::TooLong(_))));
}

#[test]
fn template_should_be_stopped_when_it_takes_too_much() {
    let long = "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}";
    let wide = "{% set ns = namespace(s='0123456789') %}\
        {% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}";
    let deep = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}";
    for source in [long, wide] {
        let error = rendered(source, &[]);
        assert!(matches!(error, Err(TemplateError::OutOfFuel)), "{source}");
    }
    let error = rendered(deep, &[]);
    assert!(matches!(
        error,
        Err(TemplateError::Render(_) | TemplateError::OutOfFuel)
    ));
}

#[test]
fn template_should_be_found_in_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let found = || ChatTemplate::from_directory(folder.path());
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    assert!(found().unwrap().is_none());
    let configure = |template: serde_json::Value| {
        let json = json!({"chat_template": template, "eos_token": "<end>",
            "bos_token": {"content": "<begin>", "lstrip": false}, "model_max_length": 1e30});
        write("tokenizer_config.json", &json.to_string());
    };
    configure(json!(
        "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"
    ));
    let text = found()
        .unwrap()
        .unwrap()
        .render(&[message("user", "x")], true);
    assert_eq!(text.unwrap(), "<begin>x<end>");
    let named = |name: &str| json!({"name": name, "template": name});
    configure(json!([named("tool_use"), named("default")]));
    assert_eq!(found().unwrap().unwrap().source(), "default");
    configure(json!([named("tool_use")]));
    assert!(matches!(found(), Err(TemplateError::NoDefault)));
    configure(json!(null));
    assert!(found().unwrap().is_none());
    write("chat_template.jinja", "{{ eos_token }}!");
    let text = found().unwrap().unwrap().render(&[], true).unwrap();
    assert_eq!(text, "<end>!");
    configure(json!(5));
    assert!(matches!(found(), Err(TemplateError::Configuration(_))));
}
