using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>What callers of <c>email_send</c> know, against a mail server of this machine.</summary>
[Trait("store", "none")]
public sealed class Mails
{
    [Theory]
    [Trait("id", "F5.9-09")]
    [Trait("id", "F5.64-01")]
    [InlineData("starttls", "PLAIN")]
    [InlineData("starttls", "CRAM-MD5 LOGIN")]
    [InlineData("implicit", "PLAIN")]
    public async Task A_mail_is_sent_over_tls_and_the_result_says_what_the_server_took(string tls, string auth)
    {
        await using var room = await MailRoom.OpenAsync(new MailPeer(auth, tls == "implicit"), tls);

        var outcome = await room.SendAsync();

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        var result = outcome.Result;
        Assert.Equal(("ok", "smtp", "2.0.0 OK: queued as 4711"), (result.GetText("status"), result.GetText("provider"), result.GetText("reply")));
        Assert.Equal(("""["ann@example.org"]""", "[]"), (result.GetProperty("accepted").GetRawText(), result.GetProperty("rejected").GetRawText()));
        Assert.Equal(room.Mail.Data.Length, result.GetProperty("size_bytes").GetInt32());
        Assert.Equal(("mail", 1), (result.GetProperty("connection").GetText("name"), result.GetProperty("connection").GetProperty("version").GetInt32()));
        Assert.Equal((true, "MAIL FROM:<robot@example.com>"), (room.Mail.IsSafe, room.Mail.Order));
        Assert.Equal(result.GetText("message_id"), ReadMail.Of(room.Mail).Header("Message-ID"));
        Assert.Equal((new SideEffect("email_send", result.GetText("message_id")!, false), new Cents(1)), (Assert.Single(outcome.SideEffects), outcome.Cost));
        Assert.Equal(tls == "implicit" ? [] : ["EHLO example.com", "STARTTLS"], room.Peer.Overheard);
    }

    [Fact]
    [Trait("id", "F5.9-02")]
    [Trait("id", "F5.9-20")]
    [Trait("id", "F5.64-20")]
    public async Task Everybody_gets_it_and_a_blind_copy_stands_nowhere()
    {
        await using var room = await MailRoom.OpenAsync();

        var outcome = await room.SendAsync("""
            {"to":["ann@example.org","Bob <bob@example.org>"],"cc":["cid@example.org","\"Dee, D.\" <dee@EXAMPLE.org>"],"bcc":"eve@example.org"}
            """);

        string[] all = ["ann@example.org", "bob@example.org", "cid@example.org", "dee@example.org", "eve@example.org"];
        Assert.Equal(all, Texts(outcome.Result.GetProperty("recipients")));
        Assert.Equal(all, Texts(outcome.Result.GetProperty("accepted")));
        Assert.Equal(all, room.Mail.To);
        var mail = ReadMail.Of(room.Mail);
        Assert.Equal(("ann@example.org, Bob <bob@example.org>", "cid@example.org, \"Dee, D.\" <dee@example.org>"), (mail.Header("To"), mail.Header("Cc")));
        Assert.DoesNotContain("eve@", room.Mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("bcc", room.Mail.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [Trait("id", "F5.9-03")]
    [Trait("id", "F5.9-04")]
    [InlineData("""{"to":[]}""", "No recipients")]
    [InlineData("""{"to":""}""", "No recipients")]
    [InlineData("""{"subject":"  "}""", "Subject is required")]
    [InlineData("""{"subject":""}""", "subject")]
    [InlineData("""{"body":null}""", "no body")]
    public async Task What_no_mail_can_do_without_is_asked_for(string members, string said)
    {
        await using var room = await MailRoom.OpenAsync();

        var outcome = await room.SendAsync(members);

        Assert.Equal("INVALID_INPUT", outcome.Failure?.Code);
        Assert.Contains(said, outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.Empty(room.Peer.Heard);
    }

    [Fact]
    [Trait("id", "F5.9-05")]
    public async Task The_password_is_the_secret_s_value_at_the_call()
    {
        await using var room = await MailRoom.OpenAsync();
        Assert.True((await room.SendAsync()).Ok);

        room.Peer.Password = "another";
        var old = await room.SendAsync();
        await room.Room.SecretAsync("PW", "another");
        var set = await room.SendAsync();

        Assert.Equal(("PERMISSION_DENIED", "credentials"), (old.Failure?.Code, old.Failure?.Details?.GetText("reason")));
        Assert.True(set.Ok, set.Failure?.Message);
    }

    [Theory]
    [Trait("id", "F5.9-07")]
    [Trait("id", "F5.9-08")]
    [Trait("id", "F5.64-21")]
    [InlineData("{}", "robot@example.com", null)]
    [InlineData("""{"from_address":null}""", "robot@example.com", null)]
    [InlineData("""{"from_address":"sales@example.com"}""", "sales@example.com", null)]
    [InlineData("""{"from_address":"Sales <sales@Shop.Example>"}""", "sales@shop.example", null)]
    [InlineData("""{"from_address":"ceo@bank.example"}""", "", "PERMISSION_DENIED")]
    [InlineData("""{"from_address":"sales@evil.shop.example"}""", "", "PERMISSION_DENIED")]
    [InlineData("""{"from_address":"sales"}""", "", "INVALID_INPUT")]
    public async Task It_comes_from_the_connection_s_address_or_another_that_the_connection_sends_for(string members, string from, string? code)
    {
        await using var room = await MailRoom.OpenAsync(more: """ "from_domains":["shop.example"] """);

        var outcome = await room.SendAsync(members);

        Assert.Equal(code, outcome.Failure?.Code);
        if (code is not null) Assert.Empty(room.Peer.Heard);
        else
        {
            Assert.Equal($"MAIL FROM:<{from}>", room.Mail.Order);
            Assert.Contains(from, ReadMail.Of(room.Mail).Header("From"), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("id", "F5.9-13")]
    [Trait("id", "F5.9-14")]
    [Trait("id", "F5.64-22")]
    public async Task Text_html_or_both_are_what_they_are_said_to_be()
    {
        await using var room = await MailRoom.OpenAsync();
        foreach (var members in new[]
        {
            """{"body":"plain"}""", """{"text":"plain","body":null,"html":false}""", """{"body":"<p>rich</p>","html":true}""",
            """{"body":"<p>rich</p>","html":true,"text":"plain"}""", """{"body":"plain","html":"<p>rich</p>"}""",
        })
            Assert.True((await room.SendAsync(members)).Ok);

        var mails = room.Peer.Taken.Select(ReadMail.Of).ToList();
        Assert.Equal(["text/plain", "text/plain", "text/html", "multipart/alternative", "multipart/alternative"], mails.Select(mail => mail.Type));
        Assert.Equal(["plain\r\n", "plain\r\n", "<p>rich</p>\r\n"], mails.Take(3).Select(mail => mail.Content));
        foreach (var both in mails.Skip(3))
            Assert.Equal([("text/plain", "plain"), ("text/html", "<p>rich</p>")], both.Parts.Select(part => (part.Type, part.Content)));
        foreach (var wrong in new[] { """{"text":"both"}""", """{"html":7}""", """{"html":true,"body":null}""" })
            Assert.Equal("INVALID_INPUT", (await room.SendAsync(wrong)).Failure?.Code);
    }

    [Fact]
    [Trait("id", "F5.9-15")]
    [Trait("id", "F5.9-16")]
    [Trait("id", "F5.9-17")]
    [Trait("id", "F5.9-21")]
    [Trait("id", "F5.64-23")]
    public void It_says_of_itself_what_it_is_and_takes()
    {
        using var room = new SkillRoom();
        var skill = room.Skills.All["email_send"];
        var properties = skill.InputSchema.GetProperty("properties");

        Assert.Equal(("2.0.0", EffectClass.AtMostOnce, 1m, 500), (skill.Contract.Version, skill.Contract.Effect, skill.Contract.TypicalCents, skill.Contract.TypicalLatencyMs));
        Assert.Equal(["network", "email", "notification"], skill.Contract.Tags);
        Assert.Equal(["connection", "subject", "to"], skill.Terms.RequiredParams.Order(StringComparer.Ordinal));
        Assert.All(["to", "subject", "body", "from_address", "reply_to", "cc", "bcc", "html", "tags"], name => Assert.True(properties.TryGetProperty(name, out _), name));
        Assert.Equal((1, 998), (properties.GetProperty("subject").GetProperty("minLength").GetInt32(), properties.GetProperty("subject").GetProperty("maxLength").GetInt32()));
        Assert.Equal((10, 1024 * 1024, 10 * 1024 * 1024), (Limit("max_recipients"), Limit("max_body_bytes"), Limit("max_attachment_bytes")));
        Assert.Equal("DELIVERY_FAILED", skill.Contract.FailureModes.MaxBy(mode => mode.Probability)!.Code);
        Assert.Equal(EffectClass.AtMostOnce, skill.Terms.ClassOf(Json.EmptyObject, hasKey: true));

        int Limit(string name) => skill.Contract.Constraints[name].GetInt32();
    }

    [Theory]
    [Trait("id", "F5.9-18")]
    [Trait("id", "F5.9-19")]
    [Trait("id", "F5.9-21")]
    [InlineData("""{"to":"ann@example.org","from_address":null,"reply_to":null,"cc":null,"bcc":null,"html":false,"tags":null,"attachments":null,"headers":null}""")]
    [InlineData("""{"to":["ann@example.org"],"cc":[],"bcc":[],"tags":{}}""")]
    public async Task One_recipient_is_a_text_or_a_list_and_what_is_null_is_as_if_it_were_not_there(string members)
    {
        await using var room = await MailRoom.OpenAsync();

        var mail = await room.ReadAsync(members);

        Assert.Equal(["ann@example.org"], room.Mail.To);
        Assert.Equal(["Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding"], mail.Names);
        Assert.Equal(("robot@example.com", "Sun, 01 Mar 2026 12:00:00 +0000"), (mail.Header("From"), mail.Header("Date")));
    }

    [Fact]
    [Trait("id", "F5.64-24")]
    public async Task A_repeat_of_the_same_call_carries_the_same_message_id_and_no_other_does()
    {
        await using var room = await MailRoom.OpenAsync();
        await room.SendAsync(key: "key-1");
        room.Clock.Advance(TimeSpan.FromMinutes(1));
        await room.SendAsync(key: "key-1");
        await room.SendAsync(key: "key-2");

        var mails = room.Peer.Taken.Select(ReadMail.Of).ToList();
        Assert.Equal(mails[0].Header("Message-ID"), mails[1].Header("Message-ID"));
        Assert.NotEqual(mails[0].Header("Date"), mails[1].Header("Date"));
        Assert.NotEqual(mails[0].Header("Message-ID"), mails[2].Header("Message-ID"));
        Assert.Matches("^<[0-9a-f]{32}@example\\.com>$", mails[0].Header("Message-ID"));
        Assert.DoesNotContain("key-1", room.Peer.Taken.First().Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.64-25")]
    public async Task Recipients_text_and_files_are_limited_and_the_connection_says_who_may_be_written_to()
    {
        await using var room = await MailRoom.OpenAsync();
        var eleven = $$"""{"to":[{{string.Join(',', Enumerable.Range(1, 10).Select(i => $"\"a{i}@example.org\""))}}],"bcc":"a11@example.net"}""";

        var many = await room.SendAsync(eleven);
        var text = await room.SendAsync($$"""{"html":true,"body":"{{new string('x', 1024 * 1024)}}","text":"y"}""");
        var files = await room.SendAsync($$"""{"attachments":[{"filename":"a","content":"{{new string('x', 6 * 1024 * 1024)}}"},{"filename":"b","content":"{{new string('x', 5 * 1024 * 1024)}}"}]}""");
        await room.ConnectAsync(more: """ "recipients_max":11,"recipient_domains":["example.org"] """);
        var outside = await room.SendAsync(eleven);
        Assert.Empty(room.Peer.Heard);
        var inside = await room.SendAsync(eleven.Replace("net", "org", StringComparison.Ordinal));

        Assert.Equal(("INPUT_TOO_LARGE", "INPUT_TOO_LARGE", "INPUT_TOO_LARGE"), (many.Failure?.Code, text.Failure?.Code, files.Failure?.Code));
        Assert.Contains("11 recipients, the limit is 10", many.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(("PERMISSION_DENIED", "recipient"), (outside.Failure?.Code, outside.Failure?.Details?.GetText("reason")));
        Assert.DoesNotContain("a11@", outside.Failure!.Message, StringComparison.Ordinal);
        Assert.True(inside.Ok, inside.Failure?.Message);
        Assert.Equal(11, room.Mail.To.Count);
    }

    [Fact]
    [Trait("id", "F5.64-26")]
    public async Task Without_tls_it_goes_only_where_the_connection_says_so_and_without_a_password()
    {
        await using var room = await MailRoom.OpenAsync(new MailPeer(auth: ""), "none");

        Assert.True((await room.SendAsync()).Ok);

        Assert.False(room.Mail.IsSafe);
        Assert.Equal(["EHLO example.com", "MAIL FROM:<robot@example.com>", "RCPT TO:<ann@example.org>", "DATA"], room.Peer.Heard);
    }

    [Fact]
    [Trait("id", "F5.64-28")]
    public async Task A_call_names_its_server_for_the_limits_of_hosts()
    {
        await using var room = await MailRoom.OpenAsync();
        var parameters = Json.Parse("""{"connection":"mail","to":"a@example.org","subject":"s","body":"b"}""");

        var (target, refusal) = await room.Room.Skills.TargetAsync("email_send", parameters, SkillRoom.Call(tenant: "acme", written: parameters.GetRawText()), TestContext.Current.CancellationToken);

        Assert.Equal((new CallTarget(TargetKind.Host, "127.0.0.1"), null), (target, refusal));
    }

    private static IEnumerable<string?> Texts(JsonElement list) => list.EnumerateArray().Select(item => item.GetString());
}
