using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Aos.Contracts;

namespace Aos.Integration.Tests.Http;

/// <summary>What is refused, and other questions that leave nothing behind: one house hears them all.</summary>
public sealed class Refusals(OpenHouse open) : IClassFixture<OpenHouse>
{
    private readonly House house = open.House;

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/ready")]
    [InlineData("/readyz")]
    [InlineData("/ready")]
    [InlineData("/healthz")]
    [InlineData("/health/live")]
    [Trait("id", "B8.4-03")]
    [Trait("id", "B8.4-17")]
    public async Task A_house_that_works_is_healthy(string path)
    {
        var reply = await house.AskAsync(path);

        Assert.Equal(200, reply.Status);
        Assert.Equal("healthy", reply.Body.GetText("status"));
        Assert.True(reply["ok"].GetBoolean());
        Assert.Equal("aos", reply.Body.GetText("service"));
    }

    [Theory]
    [InlineData("GET", "/nothing", null, 404, "NOT_FOUND")]
    [InlineData("DELETE", "/health", null, 405, "METHOD_NOT_ALLOWED")]
    [InlineData("POST", "/api/v1/runs", "", 422, "INVALID_INPUT")]
    [InlineData("POST", "/api/v1/runs", "[1]", 422, "INVALID_INPUT")]
    [InlineData("GET", "/api/v1/runs?limit=0", null, 422, "INVALID_INPUT")]
    [InlineData("GET", "/api/v1/runs?limit=1&limit=2", null, 422, "INVALID_INPUT")]
    [InlineData("POST", "/api/v1/runs", """{"plan":{"name":"p","steps":[{"skill":"echo"}]},"extra":1}""", 400, "UNKNOWN_MEMBER")]
    [InlineData("POST", "/api/v1/runs", """{"goal":"only a goal","workflow_id":"w"}""", 404, "NOT_FOUND")]
    [InlineData("POST", "/api/v1/runs", """{"plan":[{"skill":"echo","params":{"n":1e300}}],"idempotency_key":"k"}""", 400, "INVALID_PLAN")]
    public async Task Every_error_has_the_one_form(string method, string path, string? body, int status, string code)
    {
        var reply = await house.AskAsync(method, path, body, ("X-Correlation-ID", "c-1"));

        Assert.Equal((status, code), (reply.Status, reply["error.code"].GetString()));
        Assert.Equal(
            ["code", "category", "message", "retryable", "retry_after_ms", "details", "recovery_suggestion", "request_id", "help"],
            reply["error"].EnumerateObject().Select(member => member.Name));
        Assert.Equal(["detail", "error"], reply.Body.EnumerateObject().Select(member => member.Name));
        Assert.Equal(reply.Headers["X-Request-ID"], reply["error.request_id"].GetString());
        Assert.Equal("c-1", reply.Headers["X-Correlation-ID"]);
    }

    [Theory]
    [InlineData("{\"plan\":[{\"skill\":\"echo\",\n\"params\":{\"a\":1,\"a\":2}}]}", 2, 41, "plan[0].params.a")]
    [InlineData("{\n\"plan\": [1,}", 2, 12, "plan[0]")]
    [InlineData("{\"plan\":[{\"skill\":\"\\ud800\"}]}", 1, 18, "plan[0].skill")]
    public async Task What_is_wrong_with_a_body_is_told_with_its_place(string body, int line, int offset, string path)
    {
        var reply = await house.AskAsync("/api/v1/runs", body);

        Assert.Equal(422, reply.Status);
        Assert.Equal((line, path), (reply["error.details.line"].GetInt32(), reply["error.details.path"].GetString()));
        Assert.InRange(reply["error.details.offset"].GetInt32(), offset - 2, offset + 2);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Host", "evil.example")]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    public async Task A_web_page_of_another_origin_does_not_act_for_the_developer(string header, string value) =>
        Assert.Equal(401, (await house.AskAsync("GET", "/api/v1/runs", null, (header, value))).Status);

    [Theory]
    [InlineData("NONSENSE\r\n\r\n")]
    [InlineData("GET /health HTTP/9.9\r\nHost: x\r\n\r\n")]
    [InlineData("GET /health HTTP/1.1\r\n\r\n")]
    [InlineData("GET /health HTTP/1.1\r\nHost: localhost\r\nno colon here\r\n\r\n")]
    [InlineData("POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("GET /%zz%00%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]
    public async Task Broken_requests_are_answered_with_a_4xx_that_is_json_or_empty(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", house.Http.BaseAddress!.Port, TestContext.Current.CancellationToken);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        var answer = await new StreamReader(stream, Encoding.Latin1).ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Matches("^HTTP/1.1 (4|505)", answer);
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        if (body.Length > 0) Assert.NotNull(Json.Parse(body).Get("error"));
        Assert.Equal(200, (await house.AskAsync("/healthz")).Status);
    }

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("DELETE", "/health", 405)]
    [InlineData("GET", "/api/v1/runs/not-an-id", 404)]
    [InlineData("GET", "/api/v1/runs?limit=-1", 422)]
    [InlineData("GET", "/api/v1/runs?status=7", 422)]
    public async Task Every_error_is_json_with_a_code(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var reply = await house.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal(status, (int)reply.StatusCode);
        Assert.NotNull(body.Get("detail"));
        Assert.NotNull(FailureCatalog.Find(body.Get("error")!.Value.GetText("code")!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"plan\":7}")]
    [InlineData("{\"plan\":[7]}")]
    [InlineData("{\"plan\":[{\"skill\":7,\"params\":[]}]}")]
    [InlineData("{\"steps\":{\"a\":1}}")]
    [InlineData("{\"plan\":[{\"skill\":\"echo\",\"params\":{\"n\":1e400}}]}")]
    [InlineData("{\"plan\":[{\"skill\":\"echo\"}],\"budget_cents\":-1}")]
    [InlineData("{\"plan\":[{\"skill\":\"echo\"}],\"seed\":1.5}")]
    [InlineData("{\"plan\":[{\"skill\":\"echo\"}],\"labels\":{\"a\":1}}")]
    [InlineData("{\"plan\":[{\"skill\":\"echo\"}],\"plan\":[]}")]
    [InlineData("{\"plan\":[{\"skill\":\"echo\",\"params\":{\"x\":\"${{ ((((\"}}]}")]
    public async Task Bad_input_is_refused_with_a_4xx(string body)
    {
        var reply = await house.AskAsync("/api/v1/runs", body);

        Assert.InRange(reply.Status, 400, 499);
        Assert.NotNull(reply.Body.Get("error")!.Value.GetText("message"));
    }

    [Theory]
    [InlineData("""{"query_type":"skills_available_for_goal","params":{"goal":7}}""")]
    [InlineData("""{"query_type":"skills_available_for_goal","params":{"goal":{"a":[1]}}}""")]
    [InlineData("""{"query_type":"what_did_i_try_already","params":{"query_type":"x","step":[],"skill":{}}}""")]
    [InlineData("""{"query_type":"remaining_budget_cents","params":{"query_type":1},"agent_id":"nobody"}""")]
    [InlineData("""{"query_type":"last_step_outcome","agent_id":"nobody"}""")]
    [Trait("id", "A8.1-22")]
    public async Task Odd_parameters_are_answered(string body)
    {
        var reply = await house.AskAsync("/api/v1/runtime/query", body);

        Assert.Equal(200, reply.Status);
        Assert.Equal(JsonValueKind.Object, reply["result"].ValueKind);
        Assert.Null(reply["result"].Get("error"));
    }

    [Theory]
    [InlineData("""{"query_type":"budget"}""")]
    [InlineData("""{"query_type":"anything","params":{"x":1}}""")]
    [InlineData("""{"query_type":"relevant_memories","params":{"goal":"g"}}""")]
    [InlineData("""{"query_type":"remaining_budget_cents","run_id":"no-run"}""")]
    [InlineData("""{"query_type":"why_did_step_fail"}""")]
    [Trait("id", "A8.1-21")]
    public async Task What_cannot_be_answered_is_an_error_object_with_what_can(string body)
    {
        var reply = await house.AskAsync("/api/v1/runtime/query", body);

        Assert.Equal(200, reply.Status);
        Assert.NotNull(reply["result"].GetText("error"));
        Assert.Contains("allowed_skills", reply["result.supported"].EnumerateArray().Select(one => one.GetString()));
    }

    [Theory]
    [Trait("id", "WF-13")]
    [InlineData("""{"plan":[{"skill":"echo"}]}""", 422)]
    [InlineData("""{"name":"a b","plan":[{"skill":"echo"}]}""", 422)]
    [InlineData("""{"name":"a@1","plan":[{"skill":"echo"}]}""", 422)]
    [InlineData("""{"name":"a"}""", 422)]
    [InlineData("""{"name":"a","plan":5}""", 422)]
    [InlineData("""{"name":"a","plan":[{"skill":"echo"}],"tags":["Not Small"]}""", 422)]
    [InlineData("""{"name":"a","plan":[{"skill":"echo"}],"more":1}""", 422)]
    [InlineData("""{"name":"a","plan":[]}""", 400)]
    public async Task A_workflow_that_is_none_is_told_why_and_not_stored(string body, int status)
    {
        Assert.Equal(status, (await house.AskAsync("/api/v1/workflows", body)).Status);
        Assert.Empty((await house.AskAsync("/api/v1/workflows?deprecated=true"))["workflows"].EnumerateArray());
    }

    [Theory]
    [InlineData("""{"invalid":"payload"}""")]
    [InlineData("""{"plan":"x"}""")]
    [InlineData("""{"plan":[],"budget_cents":-1}""")]
    [InlineData("""{"plan":[],"budget_cents":"1"}""")]
    [InlineData("""{"plan":[],"seed":-1}""")]
    [InlineData("""{"plan":[],"timestamp":5}""")]
    [InlineData("""{"steps":{}}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task A_simulation_that_makes_no_sense_is_told_why(string body)
    {
        var reply = await house.AskAsync("/api/v1/runtime/simulate", body);

        Assert.Equal(422, reply.Status);
        Assert.True(reply.Body.Get("detail") is not null);
    }

    [Theory]
    [Trait("id", "BULK-06")]
    [InlineData("""{"action":"delete","filter":{"agent_id":"a"},"preview":true}""")]
    [InlineData("""{"action":"cancel","filter":{},"preview":true}""")]
    [InlineData("""{"action":"cancel","preview":true}""")]
    [InlineData("""{"action":"cancel","filter":{"agent":"a"},"preview":true}""")]
    [InlineData("""{"action":"cancel","filter":{"status":"flying"},"preview":true}""")]
    [InlineData("""{"action":"cancel","filter":{"ids":["x"]},"preview":true}""")]
    [InlineData("""{"action":"cancel","filter":{"agent_id":"a"},"max":10001,"preview":true}""")]
    [InlineData("""{"action":"cancel","filter":{"created_after":"soon"},"preview":true}""")]
    public async Task A_bulk_order_that_makes_no_sense_is_told_why(string body)
    {
        var reply = await house.AskAsync("/api/v1/runs/bulk", body);

        Assert.Equal((422, "INVALID_INPUT"), (reply.Status, reply["error.code"].GetString()));
    }

    [Theory]
    [InlineData("/api/v1/runtime/traces?limit=0")]
    [InlineData("/api/v1/runtime/traces?offset=-1")]
    [InlineData("/api/v1/runs/01900000-0000-7000-8000-000000000001/trace?schema=3")]
    public async Task A_question_about_traces_that_makes_no_sense_is_refused(string path) => Assert.Equal(422, (await house.AskAsync(path)).Status);
}
