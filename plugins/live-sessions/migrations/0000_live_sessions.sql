CREATE TABLE "live_bans" (
	"session_id" varchar(100) NOT NULL,
	"user_id" bigint NOT NULL,
	"banned_by" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "live_bans_session_id_user_id_pk" PRIMARY KEY("session_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "live_participants" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "live_participants_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"session_id" varchar(100) NOT NULL,
	"user_id" bigint NOT NULL,
	"role" varchar(20) DEFAULT 'viewer' NOT NULL,
	"joined_at" timestamp with time zone NOT NULL,
	"left_at" timestamp with time zone,
	"duration" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"display_name" text NOT NULL,
	"present_since" timestamp with time zone,
	"connection" text,
	"connected_at" timestamp with time zone,
	"ended_connection" text,
	"ended_connection_at" timestamp with time zone,
	"is_expected" boolean DEFAULT false NOT NULL,
	"role_changed_at" timestamp with time zone,
	CONSTRAINT "live_participants_role" CHECK ("live_participants"."role" in ('host', 'co_host', 'speaker', 'viewer'))
);
--> statement-breakpoint
CREATE TABLE "live_sessions" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "live_sessions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"session_id" varchar(100) NOT NULL,
	"owner_id" bigint NOT NULL,
	"title" varchar(200) NOT NULL,
	"description" text,
	"session_type" varchar(50) DEFAULT 'teaching' NOT NULL,
	"status" varchar(20) DEFAULT 'scheduled' NOT NULL,
	"max_participants" integer DEFAULT 50 NOT NULL,
	"is_recorded" boolean DEFAULT false NOT NULL,
	"recording_url" varchar(500),
	"is_public" boolean DEFAULT false NOT NULL,
	"invite_token" varchar(500),
	"scheduled_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	"invite_version" integer DEFAULT 1 NOT NULL,
	"peak_viewers" integer DEFAULT 0 NOT NULL,
	"has_room" boolean DEFAULT false NOT NULL,
	CONSTRAINT "live_sessions_session_id_unique" UNIQUE("session_id"),
	CONSTRAINT "live_sessions_status" CHECK ("live_sessions"."status" in ('scheduled', 'live', 'ended', 'cancelled'))
);
--> statement-breakpoint
ALTER TABLE "live_bans" ADD CONSTRAINT "live_bans_session_id_live_sessions_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."live_sessions"("session_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "live_bans" ADD CONSTRAINT "live_bans_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "live_bans" ADD CONSTRAINT "live_bans_banned_by_users_id_fk" FOREIGN KEY ("banned_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "live_participants" ADD CONSTRAINT "live_participants_session_id_live_sessions_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."live_sessions"("session_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "live_participants" ADD CONSTRAINT "live_participants_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "live_sessions" ADD CONSTRAINT "live_sessions_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "idx_participants_session" ON "live_participants" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "idx_participants_user" ON "live_participants" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "live_participants_session_user" ON "live_participants" USING btree ("session_id","user_id");--> statement-breakpoint
CREATE INDEX "idx_participants_present" ON "live_participants" USING btree ("session_id") WHERE "live_participants"."present_since" is not null;--> statement-breakpoint
CREATE INDEX "idx_sessions_owner" ON "live_sessions" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "idx_sessions_status" ON "live_sessions" USING btree ("status");--> statement-breakpoint
CREATE INDEX "idx_sessions_type" ON "live_sessions" USING btree ("session_type");--> statement-breakpoint
CREATE INDEX "idx_sessions_room" ON "live_sessions" USING btree ("session_id") WHERE "live_sessions"."has_room";