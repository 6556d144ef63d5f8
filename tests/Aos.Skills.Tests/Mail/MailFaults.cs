using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>Servers that refuse, break off, are slow or lie, and callers who try to say more than a mail.</summary>
[Trait("store", "none")]
public sealed class MailFaults(MailHouse house) : IClassFixture<MailHouse>
{
    private const string Slow = MailPeer.Hang;

    [Theory]
    [Trait("id", "F5.9-10")]
    [Trait("id", "F5.64-02")]
    [InlineData("MAIL", "550 5.7.1 sender <robot@example.com> is not welcome", "DELIVERY_FAILED", false)]
    [InlineData("RCPT", "550 5.1.1 <ann@example.org>: no such user", "DELIVERY_FAILED", false)]
    [InlineData("DATA", "554 5.6.0 no", "DELIVERY_FAILED", false)]
    [InlineData(".", "554 5.7.1 looks like spam", "DELIVERY_FAILED", false)]
    [InlineData("", "554 no service", "DELIVERY_FAILED", false)]
    [InlineData("EHLO", "502 no", "DELIVERY_FAILED", false)]
    [InlineData("MAIL", "552 5.3.4 too large", "INPUT_TOO_LARGE", false)]
    [InlineData(".", "552 5.3.4 too large", "INPUT_TOO_LARGE", false)]
    [InlineData("RCPT", "450 4.2.0 <ann@example.org>: greylisted, try again", "RATE_LIMITED", true)]
    [InlineData("MAIL", "451 4.3.0 later", "RATE_LIMITED", true)]
    [InlineData("", "421 busy", "RATE_LIMITED", true)]
    [InlineData(".", "452 4.3.1 full", "RATE_LIMITED", true)]
    [InlineData("RCPT", "421 closing", "RATE_LIMITED", true)]
    [InlineData("AUTH", "454 4.7.0 later", "SERVICE_UNAVAILABLE", true)]
    [InlineData("AUTH", "535 5.7.8 wrong", "PERMISSION_DENIED", false)]
    [InlineData("MAIL", "530 5.7.0 who are you", "PERMISSION_DENIED", false)]
    [InlineData("MAIL", "550 5.7.1 \u001b[2Jnothing\rto see", "DELIVERY_FAILED", false)]
    public async Task A_refusal_is_told_by_its_code_and_without_an_address(string at, string answer, string code, bool again)
    {
        var room = house.Fresh();
        room.Peer.Answers = line => At(line, at) ? answer : null;

        var failure = (await room.SendAsync()).Failure!;

        Assert.Equal((code, again, false), (failure.Code, failure.Retryable, Retries.IsAmbiguous(failure)));
        Assert.Equal(code == "RATE_LIMITED" ? TimeSpan.FromMinutes(1) : null, failure.RetryAfter);
        Assert.Contains(answer[..3], failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(failure.Message, char.IsControl);
        Assert.DoesNotContain("@example", failure.Message + failure.Details, StringComparison.Ordinal);
        Assert.DoesNotContain(room.Peer.Password, failure.Message + failure.Details, StringComparison.Ordinal);
        Assert.Empty(room.Peer.Taken);
    }

    [Theory]
    [Trait("id", "F5.64-03")]
    [InlineData("")]
    [InlineData("EHLO")]
    [InlineData("STARTTLS")]
    [InlineData("AUTH")]
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData("DATA")]
    public async Task A_connection_that_breaks_before_the_whole_mail_went_out_is_a_definite_failure(string at)
    {
        var room = house.Fresh();
        foreach (var broken in new[] { MailPeer.Cut, "hello, I am no mail server", "250-one\r\n251 two", string.Concat(Enumerable.Repeat("250-x\r\n", 101)) + "250 x", new string('2', 3_000) })
        {
            room.Peer.Answers = line => At(line, at) ? broken : null;

            var failure = (await room.SendAsync()).Failure!;

            Assert.Equal(("SERVICE_UNAVAILABLE", false), (failure.Code, Retries.IsAmbiguous(failure)));
            Assert.Contains("The mail was not sent", failure.Message, StringComparison.Ordinal);
        }

        Assert.Empty(room.Peer.Taken);
    }

    [Theory]
    [Trait("id", "F5.64-04")]
    [InlineData(MailPeer.Cut)]
    [InlineData("what?")]
    [InlineData("354 go on")]
    public async Task A_connection_that_breaks_after_the_whole_mail_leaves_it_unknown_whether_it_was_sent(string answer)
    {
        var room = house.Fresh();
        room.Peer.Answers = line => line == MailPeer.Dot ? answer : null;

        var failure = (await room.SendAsync()).Failure!;

        Assert.Equal(("CONNECTION_RESET", true), (failure.Code, Retries.IsAmbiguous(failure)));
        Assert.Contains("Nobody knows", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.9-11")]
    [Trait("id", "F5.64-05")]
    public async Task A_slow_server_is_a_definite_failure_until_it_has_the_whole_mail_and_an_unknown_outcome_then()
    {
        var (clock, time, early) = (new Aos.Testing.ManualClock(), TimeSpan.FromSeconds(10), new List<Failure>());
        await using var room = await MailRoom.OpenAsync(clock: clock);
        foreach (var at in new[] { "EHLO", "RCPT" })
        {
            room.Peer.Answers = line => At(line, at) ? Late(0.95) : null;
            early.Add((await room.SendAsync(timeout: time)).Failure!);
        }

        room.Peer.Answers = line => line == MailPeer.Dot ? Late(1) : null;
        var late = (await room.SendAsync(timeout: time)).Failure!;

        string Late(double part)
        {
            clock.Advance(time * part);
            return Slow;
        }

        Assert.All(early, failure => Assert.Equal(("SERVICE_UNAVAILABLE", false), (failure.Code, Retries.IsAmbiguous(failure))));
        Assert.Equal(("TIMEOUT", true), (late.Code, Retries.IsAmbiguous(late)));
        Assert.Contains("did not answer within 10 s", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.64-06")]
    public async Task Whom_the_server_refuses_is_told_and_the_others_get_it()
    {
        var room = house.Fresh();
        room.Peer.Answers = line => line.Contains("bob@", StringComparison.Ordinal) ? "550 5.1.1 nobody of that name" : line.Contains("cid@", StringComparison.Ordinal) ? "450 4.2.2 full" : null;

        var some = await room.SendAsync("""{"to":["ann@example.org","bob@example.org"],"bcc":"cid@example.org"}""");
        var none = await room.SendAsync("""{"to":["bob@example.org","cid@example.org"]}""");

        Assert.Equal("partial", some.Result.GetText("status"));
        Assert.Equal("""["ann@example.org"]""", some.Result.GetProperty("accepted").GetRawText());
        Assert.Equal(
            [("bob@example.org", 550, "5.1.1 nobody of that name"), ("cid@example.org", 450, "4.2.2 full")],
            some.Result.GetProperty("rejected").EnumerateArray().Select(one => (one.GetText("address")!, one.GetProperty("code").GetInt32(), one.GetText("message")!)));
        Assert.Equal(["ann@example.org"], room.Mail.To);
        Assert.Equal("RATE_LIMITED", none.Failure?.Code); // One of them may be reached later.
        Assert.Equal([(1, 550), (2, 450)], none.Failure!.Details!.Value.GetProperty("rejected").EnumerateArray().Select(one => (one.GetProperty("recipient").GetInt32(), one.GetProperty("code").GetInt32())));
    }

    [Fact]
    [Trait("id", "F5.64-07")]
    public async Task A_server_that_offers_no_tls_gets_neither_password_nor_mail()
    {
        await using var room = await MailRoom.OpenAsync(new MailPeer { OffersTls = false, Extras = ["AUTH PLAIN", "XSTARTTLS"] });

        var failure = (await room.SendAsync()).Failure!;

        Assert.Equal("TLS_FAILURE", failure.Code);
        Assert.Equal(["EHLO example.com"], room.Peer.Heard);
    }

    [Fact]
    [Trait("id", "F5.64-07")]
    public async Task A_server_that_takes_back_its_offer_of_tls_gets_nothing_either()
    {
        var room = house.Fresh();
        room.Peer.Answers = line => line == "STARTTLS" ? "454 not now" : null;

        Assert.False((await room.SendAsync()).Ok);

        Assert.Equal(["EHLO example.com", "STARTTLS"], room.Peer.Heard);
    }

    [Fact]
    [Trait("id", "F5.64-08")]
    public async Task What_is_slipped_in_before_tls_counts_for_nothing_under_it()
    {
        var room = house.Fresh();
        room.Peer.SlippedIn = "\r\n250-mail.test\r\n250 AUTH PLAIN\r\n235 welcome";

        var failure = (await room.SendAsync()).Failure!;

        Assert.Equal("TLS_FAILURE", failure.Code);
        Assert.Equal(["EHLO example.com", "STARTTLS"], room.Peer.Heard);
        Assert.Empty(room.Peer.Taken);
    }

    [Fact]
    [Trait("id", "F5.64-08")]
    public async Task What_was_offered_before_tls_is_asked_for_anew_under_it()
    {
        var room = house.Fresh();
        var hello = 0;
        room.Peer.Answers = line => line.StartsWith("EHLO", StringComparison.Ordinal) && ++hello == 1 ? "250-mail.test\r\n250-SIZE 10\r\n250-AUTH LOGIN\r\n250 STARTTLS" : null;

        Assert.True((await room.SendAsync()).Ok); // 10 bytes would be too few, and LOGIN is not what it takes.

        Assert.Contains(room.Peer.Heard, line => line.StartsWith("AUTH PLAIN", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "F5.64-09")]
    public async Task A_certificate_that_nobody_trusts_ends_it_before_the_password()
    {
        await using var peer = new MailPeer();
        using var room = new ConnectionRoom("127.0.0.1");
        await room.SecretAsync("PW", peer.Password);
        await room.PutAsync("mail", "smtp", $$"""{"host":"127.0.0.1","port":{{peer.Port}},"user":"robot","password":"secret:PW","from":"robot@example.com"}""");

        var outcome = await room.CallAsync("""{"connection":"mail","to":"ann@example.org","subject":"s","body":"b"}""", "email_send");

        Assert.Equal("TLS_FAILURE", outcome.Failure?.Code);
        Assert.Equal(["EHLO example.com", "STARTTLS"], peer.Heard);
    }

    [Fact]
    [Trait("id", "F5.9-12")]
    [Trait("id", "F5.64-10")]
    public async Task A_server_that_is_not_there_and_one_that_may_not_be_reached_are_told_apart()
    {
        await using var room = await MailRoom.OpenAsync();
        using var strict = new ConnectionRoom();
        await strict.PutAsync("mail", "smtp", $$"""{"host":"127.0.0.1","port":{{room.Peer.Port}},"tls":"none","from":"robot@example.com"}""");
        await room.ConnectAsync(port: 1);

        var away = (await room.SendAsync()).Failure!;
        var inner = await strict.CallAsync("""{"connection":"mail","to":"ann@example.org","subject":"s","body":"b"}""", "email_send");
        var web = await strict.HttpAsync("web", "https://example.com");
        var other = await strict.CallAsync("""{"connection":"web","to":"ann@example.org","subject":"s","body":"b"}""", "email_send");

        Assert.Equal(("CONNECTION_REFUSED", false), (away.Code, Retries.IsAmbiguous(away)));
        Assert.DoesNotContain("127.0.0.1", away.Message, StringComparison.Ordinal);
        Assert.Equal("EGRESS_BLOCKED", inner.Failure?.Code);
        Assert.Equal(("INVALID_INPUT", "kind"), (other.Failure?.Code, other.Failure?.Details?.GetText("reason")));
        Assert.Empty(room.Peer.Heard);
    }

    [Fact]
    [Trait("id", "F5.64-11")]
    public async Task A_mail_that_the_server_says_is_too_large_is_not_begun()
    {
        await using var room = await MailRoom.OpenAsync(new MailPeer { Extras = ["SIZE 500"] });

        var failure = (await room.SendAsync($$"""{"body":"{{new string('x', 1_000)}}"}""")).Failure!;
        room.Peer.Extras = ["SIZE"];
        var open = await room.SendAsync($$"""{"body":"{{new string('x', 1_000)}}"}""");

        Assert.Equal("INPUT_TOO_LARGE", failure.Code);
        Assert.Contains("takes 500 at most", failure.Message, StringComparison.Ordinal);
        Assert.True(open.Ok, open.Failure?.Message);
        Assert.Single(room.Peer.Heard, line => line.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "F5.64-12")]
    public async Task An_answer_of_many_lines_is_read_whole_and_a_server_that_does_not_say_good_bye_changes_nothing()
    {
        var room = house.Fresh();
        room.Peer.Answers = line => line switch
        {
            "" => "220-mail.test\r\n220-is here\r\n220 and ready",
            "DATA" => "354-go\r\n354 on",
            MailPeer.Dot => "250-2.0.0 taken\r\n250 as 12",
            "QUIT" => MailPeer.Cut,
            _ => line.StartsWith("RCPT", StringComparison.Ordinal) ? "251 forwarded" : null,
        };

        var outcome = await room.SendAsync();

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        Assert.Equal("2.0.0 taken", outcome.Result.GetText("reply"));
        Assert.Single(room.Peer.Taken);
    }

    [Theory]
    [Trait("id", "F5.64-13")]
    [InlineData("to", "ann@example.org\r\nRCPT TO:<eve@example.org>")]
    [InlineData("to", "ann@example.org>\nDATA")]
    [InlineData("to", "Ann\r\nBcc: eve@example.org <ann@example.org>")]
    [InlineData("cc", "ann@example.org\0")]
    [InlineData("bcc", "a\u2028b@example.org")]
    [InlineData("reply_to", "Ann\nX: y <ann@example.org>")]
    [InlineData("from_address", "robot@example.com\r\nBcc: eve@example.org")]
    [InlineData("subject", "Hello\r\nBcc: eve@example.org")]
    [InlineData("subject", "Hello\rX")]
    [InlineData("to", "ann@example.org, eve@example.org")]
    [InlineData("to", "ann@example.org> SIZE=1")]
    [InlineData("to", "<ann@example.org> <eve@example.org")]
    [InlineData("to", "ann@exam ple.org")]
    [InlineData("to", "ann@@example.org")]
    [InlineData("to", "@example.org")]
    [InlineData("to", "ann@")]
    [InlineData("to", "ann@-example.org")]
    [InlineData("to", "ann.@example.org")]
    [InlineData("to", "an\u200bn@example.org")]
    [InlineData("to", "an\u202en@example.org")]
    [InlineData("to", "\"a b\"@example.org")]
    [InlineData("to", "ann@[127.0.0.1]")]
    public async Task No_address_and_no_subject_says_more_than_itself(string member, string value)
    {
        var room = house.Fresh();

        var failure = (await room.SendAsync($$"""{"{{member}}":{{MailRoom.Quoted(value)}}}""")).Failure!;

        Assert.Equal("INVALID_INPUT", failure.Code);
        Assert.Contains(member, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("ann@example.org", failure.Message, StringComparison.Ordinal);
        Assert.Empty(room.Peer.Heard);
    }

    [Theory]
    [Trait("id", "F5.64-14")]
    [InlineData("""{"headers":{"X-A":"b\r\nBcc: eve@example.org"}}""")]
    [InlineData("""{"headers":{"X-A\r\nBcc":"eve@example.org"}}""")]
    [InlineData("""{"headers":{"Bcc":"eve@example.org"}}""")]
    [InlineData("""{"headers":{"From":"ceo@bank.example"}}""")]
    [InlineData("""{"headers":{"Content-Type":"text/html"}}""")]
    [InlineData("""{"headers":{"DKIM-Signature":"v=1"}}""")]
    [InlineData("""{"headers":{"Received":"from x"}}""")]
    [InlineData("""{"headers":{"X-Tag-a":"b"}}""")]
    [InlineData("""{"headers":{"In-Reply-To":"<ü@example.org>"}}""")]
    [InlineData("""{"headers":{"In-Reply-To":"<1@example.org>  <2@example.org>"}}""")]
    [InlineData("""{"headers":{"Importance":" "}}""")]
    [InlineData("""{"headers":{"X-A":null}}""")]
    [InlineData("""{"tags":{"a b":"c"}}""")]
    [InlineData("""{"tags":{"a":"b\nc"}}""")]
    [InlineData("""{"attachments":[{"filename":"a\r\nX: y","content":"c"}]}""")]
    [InlineData("""{"attachments":[{"filename":"../a","content":"c"}]}""")]
    [InlineData("""{"attachments":[{"filename":"a","content":"c","content_type":"text/plain\r\nX: y"}]}""")]
    [InlineData("""{"attachments":[{"filename":"a","content":"c","content_type":"message/rfc822"}]}""")]
    [InlineData("""{"attachments":[{"filename":"a","content":"c","content_type":"multipart/mixed; boundary=x"}]}""")]
    [InlineData("""{"attachments":[{"filename":"a","content_base64":"!"}]}""")]
    [InlineData("""{"attachments":[{"filename":"a","content":"c","content_base64":"Yw=="}]}""")]
    [InlineData("""{"attachments":[{"filename":"a"}]}""")]
    [InlineData("""{"attachments":[null]}""")]
    [InlineData("""{"to":[7]}""")]
    [InlineData("""{"to":{"a":1}}""")]
    public async Task No_header_tag_or_file_says_more_than_itself(string members)
    {
        var room = house.Fresh();

        Assert.Equal("INVALID_INPUT", (await room.SendAsync(members)).Failure?.Code);
        Assert.Empty(room.Peer.Heard);
    }

    [Fact]
    [Trait("id", "F5.64-15")]
    public async Task Text_of_a_mail_is_no_order_and_no_secret_and_the_sandbox_leaves_it_alone()
    {
        var room = house.Fresh();

        var mail = await room.ReadAsync("""{"subject":"$(id) `x`","body":"see ../README; rm -rf /, secret:PW\r\n.\r\nMAIL FROM:<eve@example.org>"}""");

        Assert.Equal("$(id) `x`", mail.Shown("Subject"));
        Assert.Contains("secret:PW\r\n.\r\nMAIL FROM", mail.Content, StringComparison.Ordinal);
        Assert.Single(room.Peer.Heard, line => line.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "F5.64-16")]
    public async Task A_connection_is_named_in_the_plan_and_no_data_chooses_it()
    {
        var room = house.Fresh();
        var parameters = """{"connection":"mail","to":"ann@example.org","subject":"s","body":"b"}""";

        var chosen = await room.Room.CallAsync(parameters, "email_send", written: parameters.Replace("\"mail\"", "\"${{ inputs.c }}\"", StringComparison.Ordinal));
        var none = await room.Room.CallAsync("""{"to":"ann@example.org","subject":"s","body":"b"}""", "email_send");
        var foreign = await room.Room.CallAsync(parameters, "email_send", tenant: "other");

        Assert.Equal(("INVALID_INPUT", "written"), (chosen.Failure?.Code, chosen.Failure?.Details?.GetText("reason")));
        Assert.Equal("INVALID_INPUT", none.Failure?.Code);
        Assert.Equal(("CONFIG_INVALID", "missing"), (foreign.Failure?.Code, foreign.Failure?.Details?.GetText("reason")));
        Assert.Empty(room.Peer.Heard);
    }

    private static bool At(string line, string stage) => stage.Length == 0 ? line.Length == 0 : stage == "." ? line == MailPeer.Dot : line.StartsWith(stage, StringComparison.Ordinal);
}
