CREATE TABLE "livekit_rooms" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "livekit_rooms_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"sid" text NOT NULL,
	"name" text NOT NULL,
	"metadata" text NOT NULL,
	"max_participants" integer NOT NULL,
	"empty_timeout_seconds" integer NOT NULL,
	"departure_timeout_seconds" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"visited_at" timestamp with time zone,
	"wanted_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "livekit_rooms_max_participants" CHECK ("livekit_rooms"."max_participants" >= 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX "livekit_rooms_sid" ON "livekit_rooms" USING btree ("sid");--> statement-breakpoint
CREATE UNIQUE INDEX "livekit_rooms_open" ON "livekit_rooms" USING btree ("name") WHERE "livekit_rooms"."closed_at" is null;--> statement-breakpoint
CREATE INDEX "livekit_rooms_closed" ON "livekit_rooms" USING btree ("closed_at") WHERE "livekit_rooms"."closed_at" is not null;