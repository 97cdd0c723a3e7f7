"""soundcloud-python 0.5.0, driven over standard input and output, as `peer.py` is."""

import json
import sys
import time

from soundcloud import Client

FIELDS = (
    "user title urn duration created_at genre tag_list permalink_url artwork_url access sharing "
    "playback_count favoritings_count reposts_count comment_count"
).split()


class Peer:
    """What is measured, by name."""

    def __init__(self, client, track):
        self.client = client
        self.track = track

    def detail(self):
        self.client.get(f"/tracks/{self.track}")

    def resolve(self):
        self.client.get("/resolve", url="https://soundcloud.com/bench/measured-1")

    def page(self):
        tracks = self.client.get("/tracks", q="measured", limit=100, linked_partitioning="true")
        for track in tracks.collection:
            for name in FIELDS:
                getattr(track, name)

    def walk(self):
        page = self.client.get("/tracks", q="measured", limit=20, linked_partitioning="true")
        for _ in range(19):
            page = self.client.get(page.next_href)

    def like(self):
        self.client.post(f"/likes/tracks/{self.track}")


def main():
    api_url, token, track = sys.argv[1:]
    client = Client(access_token=token, use_ssl=False, host=api_url.removeprefix("http://"))
    peer = Peer(client, track)
    for line in sys.stdin:
        question = json.loads(line)
        started = time.process_time()
        for _ in range(question.get("times", 1)):
            getattr(peer, question["do"])(*question.get("with", ()))
        print(json.dumps({"cpu": time.process_time() - started}), flush=True)


main()
