// SPDX-License-Identifier: MIT
// Everything an application does with the .NET client, on one transport.
using System.Collections.Concurrent;
using Microsoft.AspNet.SignalR.Client;
using Microsoft.AspNet.SignalR.Client.Transports;
using Newtonsoft.Json.Linq;

namespace HubplaneClientTest;

/// <summary>A connection with a ChatHub proxy that records what it gets.</summary>
internal sealed class Member : IDisposable
{
    public readonly HubConnection Connection;
    public readonly IHubProxy Hub;
    public readonly ConcurrentQueue<string> Messages = new();
    public readonly ConcurrentQueue<Exception> Errors = new();
    public int Reconnecting, Reconnected, Closed;

    public Member(string url, string? user = null)
    {
        Connection = new HubConnection(url, new Dictionary<string, string> { ["user"] = user ?? "" });
        Connection.Error += Errors.Enqueue;
        Connection.Reconnecting += () => Interlocked.Increment(ref Reconnecting);
        Connection.Reconnected += () => Interlocked.Increment(ref Reconnected);
        Connection.Closed += () => Interlocked.Increment(ref Closed);
        Hub = Connection.CreateHubProxy("ChatHub");
        Hub.On<string, string>("broadcastMessage", (name, text) => Messages.Enqueue($"{name}: {text}"));
    }

    public Task Start(IClientTransport transport) => Check.Within(Connection.Start(transport), "Start");

    public Task Call(string method, params object?[] arguments) =>
        Check.Within(Hub.Invoke(method, arguments), method);

    public Task<T> Get<T>(string method, params object?[] arguments) =>
        Check.Within(Hub.Invoke<T>(method, arguments), method);

    public void Dispose() => Connection.Dispose();
}

internal sealed class TransportSuite(string name, Func<IClientTransport> make, string wireUrl, string otherUrl)
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("0123456789äöü", 6000));

    public async Task Run()
    {
        using var here = new Member(wireUrl, "Żółć");
        using var there = new Member(otherUrl, "李雷");

        await Check.Step($"{name}: connects", async () =>
        {
            await here.Start(make());
            await there.Start(make());
            Check.Equal(ConnectionState.Connected, here.Connection.State, "state");
            Check.Equal(name, here.Connection.Transport.Name, "transport");
        });
        await Check.Step($"{name}: results of every kind (T56)", () => Results(here));
        await Check.Step($"{name}: errors (T57)", () => Errors(here));
        await Check.Step($"{name}: progress before the result, in order (T58)", () => Progress(here));
        await Check.Step($"{name}: state goes there and back (T59)", () => State(here));
        await Check.Step($"{name}: 50 broadcasts cross in order", () => Broadcasts(here, there));
        await Check.Step($"{name}: groups (T60, T64)", () => Groups(here, there));
        await Check.Step($"{name}: a user and a connection (T60)", () => Addressed(here, there));
        await Check.Step($"{name}: reconnects to the same node, nothing lost, nothing doubled (T42)",
            () => Reconnect(here, there, "cut"));
        await Check.Step($"{name}: reconnects to another node (T69)", () => Reconnect(here, there, "lead to node 2"));
        await Check.Step($"{name}: and back", () => Reconnect(here, there, "lead to node 1"));
        await Check.Step($"{name}: Stop() returns promptly (T39)", () => Stop(here, there));
        await Check.Step($"{name}: a stopped connection can start again", async () =>
        {
            await here.Start(make());
            Check.Equal("again", await here.Get<string>("Echo", "again"), "Echo");
            here.Connection.Stop();
        });
        there.Connection.Stop();
        Check.True(!there.Errors.Any(), $"no error on the quiet side: {there.Errors.FirstOrDefault()}");
    }

    private static async Task Results(Member here)
    {
        await here.Call("Nothing");
        Check.Equal("grüß 日本 🙂 + %2B", await here.Get<string>("Echo", "grüß 日本 🙂 + %2B"), "text");
        Check.Equal(null, await here.Get<string?>("Echo", new object?[] { null }), "null");
        Check.Equal(42, await here.Get<int>("Echo", 42), "number");
        var thing = await here.Get<JObject>("Echo", new { Name = "a", List = new[] { 1, 2 } });
        Check.Equal("{\"Name\":\"a\",\"List\":[1,2]}", thing.ToString(Newtonsoft.Json.Formatting.None), "object");
        if (here.Connection.Transport.Name != "webSockets") // there a message has a limit of 64 KB
        {
            Check.Equal(Long, await here.Get<string>("Echo", Long), "long text");
        }
    }

    private static async Task Errors(Member here)
    {
        async Task<T> Fails<T>(string method, params object?[] arguments) where T : Exception
        {
            try
            {
                await here.Call(method, arguments);
            }
            catch (T exception) when (exception.GetType() == typeof(T))
            {
                return exception;
            }
            throw new CheckFailed($"{method} did not fail with {typeof(T).Name}");
        }
        var refused = await Fails<HubException>("Throw", "Not enough funds");
        Check.Equal("Not enough funds", refused.Message, "message");
        Check.Equal(12, (int)((JObject)refused.ErrorData)["code"]!, "error data");
        var hidden = await Fails<InvalidOperationException>("Fail", "secret");
        Check.Equal("There was an error invoking Hub method 'ChatHub.Fail'.", hidden.Message, "hidden");
        await Fails<InvalidOperationException>("NoSuchMethod");
        await Fails<InvalidOperationException>("Echo", 1, 2, 3);
    }

    private static async Task Progress(Member here)
    {
        var values = new ConcurrentQueue<int>();
        var result = await Check.Within(here.Hub.Invoke<string, int>("Progress", values.Enqueue), "Progress");
        Check.Equal("finished", result, "result");
        // Only a WebSocket carries both; elsewhere the result may overtake, and the client drops what comes after it.
        var all = here.Connection.Transport.Name == "webSockets" ? 3 : values.Count;
        Check.Sequence(new[] { 1, 2, 3 }.Take(all), values, "progress");
    }

    private static async Task State(Member here)
    {
        here.Hub["nick"] = "bob";
        Check.Equal("bob", await here.Get<string>("GetNick"), "state of the client at the server");
        await here.Call("SetNick", "Jürgen");
        Check.Equal("Jürgen", (string?)here.Hub["nick"], "state of the server at the client");
    }

    private static async Task Broadcasts(Member here, Member there)
    {
        here.Messages.Clear();
        there.Messages.Clear();
        for (var i = 0; i < 50; i++)
        {
            await here.Call("Send", "Søren", $"☃ {i}");
        }
        var expected = Enumerable.Range(0, 50).Select(i => $"Søren: ☃ {i}").ToList();
        await Check.Until(() => there.Messages.Count >= 50 && here.Messages.Count >= 50, "50 messages on both sides");
        Check.Sequence(expected, there.Messages, "on the other node");
        Check.Sequence(expected, here.Messages, "on the same node");
    }

    private static async Task Groups(Member here, Member there)
    {
        const string group = "комната.1|,&=+/:@[]";
        here.Messages.Clear();
        await here.Call("Join", group);
        await there.Call("SendToGroup", group, "g", "in");
        await Check.Until(() => here.Messages.Contains("g: in"), "the message to the group");
        await here.Call("Leave", group);
        await there.Call("SendToGroup", group, "g", "out");
        await there.Call("Send", "all", "fence");
        await Check.Until(() => here.Messages.Contains("all: fence"), "the fence");
        Check.Sequence(["g: in", "all: fence"], here.Messages, "messages");
    }

    private static async Task Addressed(Member here, Member there)
    {
        here.Messages.Clear();
        await there.Call("SendToUser", "Żółć", "u", "1");
        await there.Call("SendToClient", here.Connection.ConnectionId, "c", "2");
        await Check.Until(() => here.Messages.Count >= 2, "both messages");
        Check.Sequence(["u: 1", "c: 2"], here.Messages, "messages");
    }

    private static async Task Reconnect(Member here, Member there, string wish)
    {
        await here.Call("Join", "survivors");
        here.Messages.Clear();
        var before = Volatile.Read(ref here.Reconnected);
        Check.Ask(wish);
        for (var i = 0; i < 10; i++)
        {
            await there.Call("SendToGroup", "survivors", "missed", $"{i}");
        }
        await Check.Until(() => Volatile.Read(ref here.Reconnected) > before, "Reconnected");
        await there.Call("Send", "after", "fence");
        await Check.Until(() => here.Messages.Contains("after: fence"), "the message after the reconnect");
        Check.Sequence([.. Enumerable.Range(0, 10).Select(i => $"missed: {i}"), "after: fence"], here.Messages, "messages");
        Check.Equal("still", await here.Get<string>("Echo", "still"), "a call after the reconnect");
    }

    private static async Task Stop(Member here, Member there)
    {
        there.Messages.Clear();
        var id = here.Connection.ConnectionId;
        var started = Environment.TickCount64;
        await Check.Within(Task.Run(() => here.Connection.Stop()), "Stop");
        var took = Environment.TickCount64 - started;
        Check.True(took < 3000, $"Stop took {took} ms");
        await Check.Until(() => there.Messages.Contains($"left: {id}"), "OnDisconnected");
    }
}
