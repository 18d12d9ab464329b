// SPDX-License-Identifier: MIT
// The official .NET client of SignalR 2 against a farm. Arguments: the URL of a proxy that leads to the first or the
// second node, the URL of the second node itself, and that of a web application whose negotiate sends clients there. Prints a line for each step; exits 1 when one failed.
using HubplaneClientTest;
using Microsoft.AspNet.SignalR.Client;
using Microsoft.AspNet.SignalR.Client.Transports;

var wireUrl = args[0];
var otherUrl = args[1];
var applicationUrl = args[2];

var transports = new (string Name, Func<IClientTransport> Make)[]
{
    ("webSockets", () => new WebSocketTransport()),
    ("serverSentEvents", () => new ServerSentEventsTransport()),
    ("longPolling", () => new LongPollingTransport()),
};

Console.WriteLine($"client {typeof(HubConnection).Assembly.GetName().Version} on {Environment.Version}");
foreach (var (name, make) in transports)
{
    await new TransportSuite(name, make, wireUrl, otherUrl).Run();
    await Check.Step($"{name}: follows an application's negotiate, and is who it says", async () =>
    {
        using var connection = new HubConnection(applicationUrl, useDefaultUrl: false);
        var hub = connection.CreateHubProxy("ChatHub");
        await Check.Within(connection.Start(make()), "Start");
        Check.Equal(name, connection.Transport.Name, "transport");
        Check.Equal("ann", await Check.Within(hub.Invoke<string>("Who"), "Who"), "user");
    });
}
await Check.Step("auto: the first transport is chosen", async () =>
{
    using var connection = new HubConnection(wireUrl);
    connection.CreateHubProxy("ChatHub");
    await Check.Within(connection.Start(), "Start");
    Check.Equal("webSockets", connection.Transport.Name, "transport");
});
return Check.Failures == 0 ? 0 : 1;
